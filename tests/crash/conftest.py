"""A scratch server for the harness's own tests, and the proxy before it."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from consulta.platform.db.embedded import Server, running_server
from tests.crash.wire import WireProxy


@dataclass(frozen=True, slots=True)
class Place:
    """A database with the table `letters (body text)`, reachable directly and by the proxy."""

    proxy: WireProxy
    direct_dsn: str
    proxied_dsn: str
    direct: Any

    async def letters(self) -> list[str]:
        """What is committed, seen past the proxy."""
        rows = await self.direct.fetch("SELECT body FROM letters ORDER BY body")
        return [row["body"] for row in rows]


Connect = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
def scratch() -> Iterator[Server]:
    with running_server(durable=False) as server:
        yield server


@pytest.fixture
async def place(scratch: Server) -> AsyncIterator[Place]:
    database = f"wire_{secrets.token_hex(6)}"
    owner = await asyncpg.connect(scratch.dsn())
    await owner.execute(f"CREATE DATABASE {database}")
    dsn = scratch.dsn(database=database)
    direct = await asyncpg.connect(dsn)
    await direct.execute("CREATE TABLE letters (body text UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    try:
        async with WireProxy(upstream_host=scratch.host, upstream_port=scratch.port) as proxy:
            proxied_dsn = dsn.replace(f":{scratch.port}/", f":{proxy.port}/")
            yield Place(proxy=proxy, direct_dsn=dsn, proxied_dsn=proxied_dsn, direct=direct)
    finally:
        await direct.close()
        await owner.execute(f"DROP DATABASE {database} WITH (FORCE)")
        await owner.close()


@pytest.fixture
async def connect(place: Place) -> AsyncIterator[Connect]:
    """Connections through the proxy, which the end of the test closes."""
    opened: list[Any] = []

    async def open_one(**settings: Any) -> Any:
        connection = await asyncpg.connect(place.proxied_dsn, **settings)
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        connection.terminate()
