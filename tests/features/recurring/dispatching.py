"""Series as the dispatcher finds them, and what it made of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from tests.world import Client, Specialist, World

WHOLE_WEEK = "sun-sat 00:00-24:00"

_SERIES = """
INSERT INTO app.recurring_bookings (specialist_id, client_id, rate_id, frequency, start_date,
    end_date, local_time, anchor_day, payment_mode, package_purchase_id, next_booking_date,
    accepted_at, created_by, note, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, extract(day FROM $5::date), $8, $9, $5,
        CASE WHEN $10 THEN app.now() END, $2, $11, clock_timestamp())
RETURNING id
"""

_PACKAGE = """
WITH package AS (
    INSERT INTO app.booking_packages (specialist_id, rate_id, name, session_count, price_minor,
        currency)
    VALUES ($1, $3, 'Ten', 10, 100000, 'USD') RETURNING id
), bought AS (
    INSERT INTO app.package_purchases (package_id, specialist_id, client_id, rate_id, name,
        session_count, price_minor, currency, status, activated_at, valid_until)
    SELECT id, $1, $2, $3, 'Ten', 10, 100000, 'USD', 'active', app.now(),
           app.now() + interval '90 days' FROM package
    RETURNING id
), paid AS (
    SELECT id FROM bought
)
SELECT id FROM paid
"""
_CREDITS = """
INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)
VALUES ($1, $2, $3, 'granted', $4)
"""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def series(
    world: World,
    specialist: Specialist,
    client: Client,
    start: date | str,
    at: str = "10:00",
    *,
    frequency: str = "weekly",
    end: date | str | None = None,
    mode: str = "manual",
    purchase: UUID | None = None,
    accepted: bool = True,
    kind: str = "standard",
    note: str | None = None,
) -> UUID:
    """A series whose next date is its first; younger than those made before it."""
    made: UUID = await world.value(
        _SERIES, specialist.id, client.id, specialist.rates[kind], frequency, _date(start),
        _date(end) if end is not None else None, time.fromisoformat(at), mode, purchase, accepted,
        note,
    )  # fmt: skip
    return made


async def package(world: World, specialist: Specialist, client: Client, *, credits: int) -> UUID:
    """A purchase with so many credits for the standard rate."""
    bought: UUID = await world.value(
        _PACKAGE, specialist.id, client.id, specialist.rates["standard"]
    )
    await world.superuser.execute(_CREDITS, bought, specialist.id, client.id, credits)
    return bought


async def dispatched(world: World, at: datetime | str | None = None) -> dict[str, Any]:
    """The dispatcher has run, at that instant if one is given; the row of its run."""
    if at is not None:
        await world.stop_clock(at if isinstance(at, datetime) else utc(at))
    outcome = await world.app.state.jobs.run_now("recurring.dispatch", triggered_by="test")
    [row] = await world.rows("SELECT * FROM app.job_runs WHERE id = $1", outcome.run_id)
    return row


async def dates(world: World, series_id: UUID) -> list[tuple[str, str]]:
    """Every decided date with `booked` or the reason why not."""
    rows = await world.rows(
        "SELECT local_date::text AS day, coalesce(reason, outcome) AS what"
        " FROM app.recurring_booking_occurrences WHERE recurring_booking_id = $1"
        " ORDER BY local_date",
        series_id,
    )
    return [(row["day"], row["what"]) for row in rows]


async def reasons(world: World, *series_ids: UUID) -> list[str]:
    """What became of the only date of each of these series."""
    found = [await dates(world, one) for one in series_ids]
    assert all(len(one) == 1 for one in found), found
    return [one[0][1] for one in found]


async def bookings(world: World, series_id: UUID) -> list[dict[str, Any]]:
    return await world.rows(
        "SELECT * FROM app.bookings WHERE recurring_booking_id = $1 ORDER BY starts_at", series_id
    )


async def as_it_stands(world: World, series_id: UUID) -> dict[str, Any]:
    [row] = await world.rows("SELECT * FROM app.recurring_bookings WHERE id = $1", series_id)
    return row


async def starts(world: World, series_id: UUID) -> Sequence[datetime]:
    return [row["starts_at"] for row in await bookings(world, series_id)]


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
