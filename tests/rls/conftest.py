"""The wall's own database: a clone with a little world in it, and one connection per login."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from consulta.platform.db.dsn import Dsn
from tests.conftest import TestDatabase, cloned
from tests.rls.cells import PROBE, Matrix, world_statements
from tests.rls.people import IDENTITIES


@asynccontextmanager
async def walled(template: Dsn, *, triggers: bool) -> AsyncIterator[TestDatabase]:
    """A clone with the world built. Without triggers nothing but grants and policies decides."""
    async with cloned(template) as made:
        async with made.connected() as superuser:
            await superuser.execute(PROBE)
            # Parents come first; checks and history would only get in the way of a world that is
            # already in the middle of its life.
            await superuser.execute(
                "BEGIN; SET LOCAL session_replication_role = replica;"
                + ";".join(world_statements())
                + "; COMMIT"
            )
            if not triggers:
                tables = await superuser.fetch(
                    "SELECT oid::regclass::text AS name FROM pg_class"
                    " WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'"
                )
                for row in tables:
                    await superuser.execute(f"ALTER TABLE {row['name']} DISABLE TRIGGER USER")
        yield made


@asynccontextmanager
async def matrix_of(database: TestDatabase) -> AsyncIterator[Matrix]:
    async with AsyncExitStack() as stack:
        logins = sorted({identity.login for identity in IDENTITIES})
        yield Matrix(
            {login: await stack.enter_async_context(database.connected(login)) for login in logins}
        )


@pytest.fixture(scope="module")
async def wall(template: Dsn) -> AsyncIterator[TestDatabase]:
    """The world without triggers: only grants and policies decide."""
    async with walled(template, triggers=False) as made:
        yield made


@pytest.fixture(scope="module")
async def matrix(wall: TestDatabase) -> AsyncIterator[Matrix]:
    async with matrix_of(wall) as made:
        yield made


@pytest.fixture(scope="module")
async def architect(wall: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to the same database, to break the wall with."""
    async with wall.connected() as connection:
        yield connection


@pytest.fixture(scope="module")
async def standing(template: Dsn) -> AsyncIterator[TestDatabase]:
    """The same world with every trigger in place."""
    async with walled(template, triggers=True) as made:
        yield made


@pytest.fixture(scope="module")
async def lines(standing: TestDatabase) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    """A connection per login to the world with its triggers."""
    async with (
        standing.connected("consulta_api") as api,
        standing.connected("consulta_admin") as admin,
        standing.connected("consulta_worker") as worker,
    ):
        yield {"consulta_api": api, "consulta_admin": admin, "consulta_worker": worker}
