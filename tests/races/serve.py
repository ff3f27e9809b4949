"""One replica in a process of its own: `python -m tests.races.serve DSN SOCKET`.

The socket is the test's, listening already, so that no port is ever raced for.
"""

import asyncio
import socket
import sys

import uvicorn

from consulta.main import create_app
from consulta.platform.db.dsn import Dsn
from tests.conftest import TestDatabase
from tests.settings import settings_for


async def serve(database: TestDatabase, listener: socket.socket) -> None:
    app = create_app(settings_for(database))
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        # A line that rests between two races is not hung up in the moment it is used again.
        timeout_keep_alive=600,
    )
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(serve(TestDatabase(Dsn(sys.argv[1])), socket.socket(fileno=int(sys.argv[2]))))
