"""A practice for the slot engine to be asked about, and one to book at, with those who come in."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.features.availability import ledger
from tests.features.availability.oracle import Calendar, Question, Slot
from tests.features.availability.oracle_reasons import Start


@dataclass(frozen=True, slots=True)
class Engine:
    """The slot engine, asked as the worker; nothing that is written for a question stays."""

    connection: asyncpg.Connection

    async def answers(
        self, calendar: Calendar, questions: Sequence[Question], *, now: datetime
    ) -> list[list[Slot]]:
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            await ledger.write(self.connection, calendar)
            await self.connection.execute("SET LOCAL ROLE consulta_worker")
            return await ledger.ask(self.connection, questions, now=now)
        finally:
            await transaction.rollback()

    async def answer(self, calendar: Calendar, question: Question, *, now: datetime) -> list[Slot]:
        [slots] = await self.answers(calendar, [question], now=now)
        return slots

    async def explanations(
        self, calendar: Calendar, starts: Sequence[Start], *, now: datetime
    ) -> list[tuple[bool, list[str]]]:
        """For each start whether it is offered, and the reasons against it."""
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            await ledger.write(self.connection, calendar)
            await ledger.travel_to(self.connection, now)
            return await ledger.explain(self.connection, starts)
        finally:
            await transaction.rollback()


@pytest.fixture
async def engine(module_database: TestDatabase) -> AsyncIterator[Engine]:
    async with module_database.connected() as connection:
        await ledger.open_practice(connection)
        yield Engine(connection)


@pytest.fixture
async def office(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to a practice open from nine to twelve, early on Monday."""
    async with database.connected() as connection:
        await ledger.open_practice(connection)
        await ledger.write(connection, ledger.NINE_TO_TWELVE)
        await ledger.travel_to(connection, ledger.MONDAY)
        yield connection


@pytest.fixture
async def rate(office: asyncpg.Connection) -> UUID:
    """The practice's standard rate, as long as a slot."""
    return await ledger.offer_rate(office)


@pytest.fixture
async def worker(
    database: TestDatabase, office: asyncpg.Connection
) -> AsyncIterator[asyncpg.Connection]:
    async with database.connected("consulta_worker") as connection:
        yield connection


@pytest.fixture
async def api(
    database: TestDatabase, office: asyncpg.Connection
) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the web pool: it may do nothing until a person is stamped on it."""
    async with database.connected("consulta_api") as connection:
        yield connection
