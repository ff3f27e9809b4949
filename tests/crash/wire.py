"""A proxy before PostgreSQL that numbers every statement and may stop the world around each.

Tests point the service's DSN at it; hooks decide, before and after each statement, what happens.
"""

import asyncio
from types import TracebackType
from typing import Self

from tests.crash.connection import Connection, Streams
from tests.crash.ledger import Hook, Ledger, Statement, Verdict
from tests.crash.messages import (
    CANCEL_REQUEST,
    GSS_ENCRYPTION_REQUEST,
    SSL_REQUEST,
    Startup,
    read_startup,
)

__all__ = ["Hook", "Statement", "Verdict", "WireProxy"]


class WireProxy:
    """Listens on a free port of 127.0.0.1 between `async with` and its end.

    Authentication passes untouched; encryption is declined. Hooks are awaited for counted kinds
    only, in the order of their registration; the first verdict other than PASS is carried out.
    An answer is withheld until the server is ready for the next query. Beyond 8 MiB, and for COPY
    and Flush, it streams: the client may then have read a part before the 'after' hooks are
    awaited, but never the end. A request beyond 8 MiB passes its 'before' hooks at that size.
    A client that dies leaves its running statement to the server, as it would without a proxy.
    The error of a hook closes its connection and is raised again when the proxy ends.
    """

    def __init__(self, *, upstream_host: str, upstream_port: int) -> None:
        self._upstream = (upstream_host, upstream_port)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[Exception] = []
        self._ledger = Ledger()
        self._connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failures and error is None:
            raise ExceptionGroup("the proxy or its hooks failed", self._failures)

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the proxy has no port before it is entered")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def trace(self) -> list[Statement]:
        """The units seen so far in the order of their sending, at most the last 20,000."""
        return self._ledger.trace

    def before(self, hook: Hook) -> None:
        """The hook is awaited when a statement is complete and nothing of it was forwarded."""
        self._ledger.before(hook)

    def after(self, hook: Hook) -> None:
        """The hook is awaited when the server has executed and the client has not heard of it."""
        self._ledger.after(hook)

    def reset(self) -> None:
        """Trace and hooks are gone and ordinals start at 1; connections live on."""
        self._ledger.reset()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve((reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: Streams) -> None:
        try:
            startup = await _negotiated(client)
            if startup is None:
                return
            server = await asyncio.open_connection(*self._upstream)
            try:
                server[1].write(startup.raw)
                if startup.code == CANCEL_REQUEST:
                    # The server hangs up once it has passed the signal on, and so do we: closing
                    # earlier would tell the client of a cancellation that has not happened yet.
                    await server[0].read()
                    return
                self._connections += 1
                connection = Connection(
                    self._ledger,
                    client=client,
                    server=server,
                    number=self._connections,
                    startup=startup,
                )
                await connection.run()
            finally:
                await _close(server[1])
        except OSError:
            return
        except Exception as error:
            self._failures.append(error)
        finally:
            await _close(client[1])


async def _negotiated(client: Streams) -> Startup | None:
    """The client's real startup packet, once its wishes for encryption are declined."""
    reader, writer = client
    while (startup := await read_startup(reader)) is not None:
        if startup.code not in {SSL_REQUEST, GSS_ENCRYPTION_REQUEST}:
            return startup
        writer.write(b"N")
        await writer.drain()
    return None


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return
