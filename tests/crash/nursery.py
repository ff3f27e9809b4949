"""The nursery: the service is imported and built once, and forked whenever the one before is dead.

`python -m tests.crash.nursery MODULE:FACTORY` answers each line of its input with the pid of a
living service, and ends together with it when the input ends. So a restart costs no imports.
"""

import importlib
import os
import signal
import sys
import threading
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from consulta.serving import server_options


def main(factory: str) -> None:
    module, _, name = factory.partition(":")
    app: FastAPI = getattr(importlib.import_module(module), name)()
    lifeline, held_by_nursery = os.pipe()
    child = 0
    for _ in sys.stdin:
        if not child or os.waitpid(child, os.WNOHANG)[0]:
            child = os.fork()
            if not child:
                os.close(held_by_nursery)
                _serve(app, lifeline)
            # The first one has looked at the database as a whole; nobody changes it meanwhile.
            app.state.examines_database = False
        print(child, flush=True)
    if child and not os.waitpid(child, os.WNOHANG)[0]:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(app: FastAPI, lifeline: int) -> NoReturn:
    """What uvicorn's worker process does. The answers of the nursery are not ours to write."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        threading.Thread(target=_die_with_the_nursery, args=(lifeline,), daemon=True).start()
        uvicorn.Server(uvicorn.Config(app, **server_options(app.state.settings))).run()
    finally:
        os._exit(0)


def _die_with_the_nursery(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
