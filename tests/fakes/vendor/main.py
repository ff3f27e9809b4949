"""A fake as a server of its own: prints its base URL, and runs until it is told to stop."""

import argparse
import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

Running = Callable[..., AbstractAsyncContextManager[tuple[Any, str]]]


def main(name: str, running: Running, *, options: dict[str, str]) -> None:
    """`options` are text arguments of `running`, with their defaults."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.fakes.{name}", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    for option, default in options.items():
        parser.add_argument(f"--{option.replace('_', '-')}", default=default)
    arguments = vars(parser.parse_args())
    asyncio.run(_run(running, arguments))


async def _run(running: Running, arguments: dict[str, Any]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(**arguments) as (_, base_url):
        print(base_url, flush=True)
        await stop.wait()
