"""Refused claims say why, in a code that the service passes on."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.features.availability import ledger
from tests.features.availability.door import Refused, claim
from tests.features.availability.ledger import (
    MONDAY,
    NINE,
    NINE_TO_TWELVE,
    OTHER_SPECIALIST,
    SPECIALIST,
    TEN,
)
from tests.features.availability.oracle import Calendar, Rule


async def test_refusals_name_what_is_missing(
    office: asyncpg.Connection, worker: asyncpg.Connection, rate: UUID
) -> None:
    await ledger.open_practice(office, OTHER_SPECIALIST)
    others = await ledger.offer_rate(office, specialist=OTHER_SPECIALIST)
    for specialist, wanted, code in (
        (uuid4(), rate, "SPECIALIST_NOT_FOUND"),
        (SPECIALIST, uuid4(), "RATE_NOT_FOUND"),
        (SPECIALIST, others, "RATE_NOT_FOUND"),
    ):
        with pytest.raises(Refused, match=code):
            await claim(worker, wanted, NINE, specialist=specialist)
    await office.execute("UPDATE app.specialist_rates SET is_active = false WHERE id = $1", rate)
    with pytest.raises(Refused, match="RATE_NOT_FOUND"):
        await claim(worker, rate, NINE)


@pytest.mark.parametrize(
    ("calendar", "code"),
    [
        (Calendar("UTC", rules=NINE_TO_TWELVE.rules, accepting=False), "NOT_ACCEPTING"),
        (Calendar("UTC", rules=NINE_TO_TWELVE.rules, verified=False), "SPECIALIST_NOT_FOUND"),
    ],
)
async def test_refusals_name_who_cannot_be_booked(
    office: asyncpg.Connection,
    worker: asyncpg.Connection,
    rate: UUID,
    calendar: Calendar,
    code: str,
) -> None:
    await ledger.write(office, calendar)
    with pytest.raises(Refused, match=code):
        await claim(worker, rate, NINE)


@pytest.mark.parametrize(
    "starts_at",
    [
        NINE + timedelta(minutes=1),
        NINE - timedelta(minutes=30),
        MONDAY - timedelta(hours=15),
        NINE + timedelta(days=200),
        datetime(9999, 12, 31, 9, tzinfo=UTC),
    ],
)
async def test_times_that_are_not_offered_are_refused(
    worker: asyncpg.Connection, rate: UUID, starts_at: datetime
) -> None:
    with pytest.raises(Refused, match="SLOT_NOT_OFFERED"):
        await claim(worker, rate, starts_at)


async def test_a_start_inside_another_session_is_taken(
    worker: asyncpg.Connection, rate: UUID
) -> None:
    await claim(worker, rate, NINE)
    for minutes in (-29, 0, 1, 29):
        with pytest.raises(Refused, match="SLOT_TAKEN"):
            await claim(worker, rate, NINE + timedelta(minutes=minutes))


async def test_a_full_day_says_so(
    office: asyncpg.Connection, worker: asyncpg.Connection, rate: UUID
) -> None:
    rules = [Rule(day, 540, 720, cap=1) for day in range(7)]
    await ledger.write(office, Calendar("UTC", rules=rules))
    first = await claim(worker, rate, NINE)
    with pytest.raises(Refused, match="DAY_FULL"):
        await claim(worker, rate, TEN)
    await claim(worker, rate, TEN, own_slot=first["id"])
    await claim(worker, rate, NINE + timedelta(days=1))
