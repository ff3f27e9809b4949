"""Replicas of the service as far as the machinery is concerned: pools of their own over one
database, and the hand that moves its clock.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.engine import build_engine
from consulta.platform.db.roles import DbRole
from consulta.platform.db.work import Database, Engines
from tests.conftest import TestDatabase


@asynccontextmanager
async def replica(database: TestDatabase, *, size: int = 4) -> AsyncIterator[Database]:
    """The three pools of one process."""
    api, admin, worker = (
        build_engine(Dsn(database.dsn(role)), size=size, overflow=0, name=f"test-{role}")
        for role in (DbRole.API, DbRole.ADMIN, DbRole.WORKER)
    )
    engines = Engines(api=api, admin=admin, worker=worker)
    try:
        yield Database(engines)
    finally:
        await engines.dispose()


@pytest.fixture
async def doors(database: TestDatabase) -> AsyncIterator[Database]:
    async with replica(database) as made:
        yield made


async def travel(database: TestDatabase, ahead: timedelta) -> None:
    """The database's clock is that much further ahead."""
    async with database.connected() as superuser:
        await superuser.execute("UPDATE testing.clock SET ahead = ahead + $1", ahead)


async def rows(database: TestDatabase, query: str, *values: object) -> list[asyncpg.Record]:
    """What stands in the tables, whoever may see it."""
    async with database.connected() as superuser:
        found: list[asyncpg.Record] = await superuser.fetch(query, *values)
        return found
