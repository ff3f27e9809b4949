"""What the worker does for calendars: orphaned claims go, the next free time is looked up."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from tests.conftest import TestDatabase
from tests.features.availability import ledger
from tests.features.availability.door import Person, claim, live_spans
from tests.features.availability.ledger import (
    HALF_PAST,
    MONDAY,
    NINE,
    NINE_TO_TWELVE,
    OTHER_SPECIALIST,
    SPECIALIST,
    TEN,
)
from tests.features.availability.oracle import Calendar, Exclusion


async def cleaned(worker: asyncpg.Connection) -> Any:
    return json.loads(await worker.fetchval("SELECT app.cleanup_orphaned_slots()"))


async def booked(
    database: TestDatabase, office: asyncpg.Connection, rate: UUID, starts_at: datetime
) -> UUID:
    client = await ledger.register_client(office)
    async with database.connected("consulta_api") as connection:
        booking: UUID = await Person(connection, client).calls(
            "SELECT (app.book($1, $2, $3, NULL, NULL, NULL, '{}', 30, 60) ->> 'booking_id')::uuid",
            SPECIALIST,
            rate,
            starts_at,
        )
    return booking


async def test_a_claim_without_a_booking_is_released(
    database: TestDatabase, office: asyncpg.Connection, worker: asyncpg.Connection, rate: UUID
) -> None:
    await claim(worker, rate, NINE)
    await booked(database, office, rate, HALF_PAST)
    async with database.connected("consulta_api") as connection:
        await Person(connection, uuid4()).holds(rate, TEN)
    assert await cleaned(worker) == {"released": 1, "live_bookings_without_slot": []}
    assert [start for start, _ in await live_spans(office)] == [HALF_PAST, TEN]
    await ledger.travel_to(office, MONDAY + timedelta(minutes=11))
    assert await cleaned(worker) == {"released": 1, "live_bookings_without_slot": []}
    assert [start for start, _ in await live_spans(office)] == [HALF_PAST]
    assert await cleaned(worker) == {"released": 0, "live_bookings_without_slot": []}


async def test_a_live_booking_without_its_claim_is_named(
    database: TestDatabase, office: asyncpg.Connection, worker: asyncpg.Connection, rate: UUID
) -> None:
    booking = await booked(database, office, rate, NINE)
    await office.execute("UPDATE app.slots SET status = 'released'")
    assert await cleaned(worker) == {
        "released": 0,
        "live_bookings_without_slot": [str(booking)],
    }


async def test_one_sweep_is_bounded(office: asyncpg.Connection, worker: asyncpg.Connection) -> None:
    await office.execute(
        "INSERT INTO app.slots (specialist_id, starts_at, ends_at, session_starts_at,"
        " session_ends_at, status)"
        " SELECT $1, t, t + interval '5 min', t, t + interval '5 min', 'booked'"
        " FROM generate_series($2::timestamptz, $2 + interval '2999 min', interval '5 min') t",
        SPECIALIST,
        NINE,
    )
    assert [(await cleaned(worker))["released"] for _ in range(3)] == [500, 100, 0]


async def test_the_next_free_time_is_looked_up_in_turn(
    office: asyncpg.Connection, worker: asyncpg.Connection
) -> None:
    await ledger.open_practice(office, OTHER_SPECIALIST)
    await ledger.write(office, NINE_TO_TWELVE, OTHER_SPECIALIST)
    assert await worker.fetchval("SELECT app.refresh_next_open(1)") == 1
    assert await worker.fetchval("SELECT app.refresh_next_open(1)") == 1
    found = await office.fetch(
        "SELECT next_open_at FROM app.specialists WHERE next_open_checked_at IS NOT NULL"
    )
    assert [row["next_open_at"] for row in found] == [NINE, NINE]


async def test_the_next_free_time_may_be_weeks_away_or_none(
    office: asyncpg.Connection, worker: asyncpg.Connection
) -> None:
    days = [MONDAY.date() + timedelta(days=number) for number in range(40)]
    away = [Exclusion(day, available=False) for day in days]
    await ledger.write(office, Calendar("UTC", rules=NINE_TO_TWELVE.rules, exclusions=away))
    await worker.execute("SELECT app.refresh_next_open(10)")
    read = "SELECT next_open_at FROM app.specialists"
    assert await office.fetchval(read) == NINE + timedelta(days=40)
    await ledger.write(office, Calendar("UTC", rules=NINE_TO_TWELVE.rules, accepting=False))
    await worker.execute("SELECT app.refresh_next_open(10)")
    assert await office.fetchval(read) is None


async def test_a_specialist_who_is_not_verified_is_not_looked_up(
    office: asyncpg.Connection, worker: asyncpg.Connection
) -> None:
    await ledger.write(office, Calendar("UTC", rules=NINE_TO_TWELVE.rules, verified=False))
    assert await worker.fetchval("SELECT app.refresh_next_open(10)") == 0
