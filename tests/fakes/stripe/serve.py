"""Serving on the loopback interface, where a connection can also be broken without an answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

ABORT = "fake.abort"
GRACE_SECONDS = 2.0


class ConnectionDropped(ConnectionResetError):
    """What a client inside this process sees where one outside sees its connection break."""


class _Gone(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing is sent: the connection is already closed."""


async def dropped(request: Request) -> Response:
    """The client gets no byte of an answer."""
    abort: Callable[[], None] | None = request.scope.get("extensions", {}).get(ABORT)
    if abort is None:
        raise ConnectionDropped("the fake dropped the connection")
    abort()
    # The server must have noticed, or it would answer with an error of its own.
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return _Gone()


class _AbortableProtocol(H11Protocol):
    """Lets the application break the connection that a request came over."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner: Any = self.app

        async def with_abort(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[ABORT] = transport.abort
            await inner(scope, receive, send)

        self.app = with_abort


@asynccontextmanager
async def served(app: ASGIApp, *, port: int = 0) -> AsyncIterator[str]:
    """The base URL of the application, on 127.0.0.1 only; gone when the block is left.

    Uvicorn's protocol without its server, which would take the process's signals and sleep.
    """
    config = uvicorn.Config(
        app, ws="none", lifespan="off", log_config=None, access_log=False, date_header=False
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: _AbortableProtocol(config, state, {}), host="127.0.0.1", port=port
    )
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await _finish(state)
        await server.wait_closed()


async def _finish(state: ServerState) -> None:
    """Running requests get a moment to end, idle connections none."""
    if state.tasks:
        _, late = await asyncio.wait(set(state.tasks), timeout=GRACE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    for connection in list(state.connections):
        transport = getattr(connection, "transport", None)
        if transport is not None:
            transport.abort()
    # The loop still has to tell the protocols that their connections are gone.
    await asyncio.sleep(0)
