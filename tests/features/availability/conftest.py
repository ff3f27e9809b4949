"""One practice whose calendar is written anew for every question asked of it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.features.availability import ledger
from tests.features.availability.oracle import Calendar, Question, Slot


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


@pytest.fixture
async def engine(module_database: TestDatabase) -> AsyncIterator[Engine]:
    async with module_database.connected() as connection:
        await ledger.open_practice(connection)
        yield Engine(connection)
