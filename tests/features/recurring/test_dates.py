"""The dates of a series, as the database counts them and as Python's own calendar does."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world import World

DATES = st.dates(date(2000, 1, 1), date(2099, 12, 31))
FREQUENCIES = st.sampled_from(["weekly", "biweekly", "monthly"])
ZONES = st.sampled_from(
    [
        *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"),
        *("Australia/Lord_Howe", "Pacific/Apia"),
    ]
)
CASES = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
async def database(world: World) -> asyncpg.Connection:
    return world.superuser


def following(frequency: str, anchor: int, day: date) -> date:
    """The oracle: a week, a fortnight, or that day of the next month as far as it has one."""
    if frequency != "monthly":
        return day + timedelta(days=7 if frequency == "weekly" else 14)
    year, month = (day.year, day.month + 1) if day.month < 12 else (day.year + 1, 1)
    return date(year, month, min(anchor, calendar.monthrange(year, month)[1]))


def run_of(frequency: str, start: date, count: int) -> list[date]:
    dates = [start]
    while len(dates) < count:
        dates.append(following(frequency, start.day, dates[-1]))
    return dates


@CASES
@given(frequency=FREQUENCIES, anchor=st.integers(1, 31), day=DATES)
async def test_the_next_date(
    database: asyncpg.Connection, frequency: str, anchor: int, day: date
) -> None:
    found = await database.fetchval(
        "SELECT app.next_series_date($1, $2::smallint, $3)", frequency, anchor, day
    )
    assert found == following(frequency, anchor, day)


@CASES
@given(
    frequency=FREQUENCIES,
    start=DATES,
    days=st.none() | st.integers(-10, 4000),
    count=st.integers(1, 450),
)
async def test_a_run_of_dates_is_bounded_by_its_end_and_by_its_count(
    database: asyncpg.Connection, frequency: str, start: date, days: int | None, count: int
) -> None:
    until = None if days is None else start + timedelta(days=days)
    rows = await database.fetch(
        "SELECT local_date FROM app.series_dates($1, $2::smallint, $3, $4, $5)",
        *(frequency, start.day, start, until, count),
    )
    expected = run_of(frequency, start, min(count, 400))
    assert [row["local_date"] for row in rows] == [
        each for each in expected if until is None or each <= until
    ]


@CASES
@given(zone=ZONES, day=DATES, minute=st.integers(0, 1439))
async def test_the_wall_clock_of_the_specialist(
    database: asyncpg.Connection, zone: str, day: date, minute: int
) -> None:
    clock = time(minute // 60, minute % 60)
    found = await database.fetchval("SELECT app.series_start($1, $2, $3)", day, clock, zone)
    wall = datetime.combine(day, clock, ZoneInfo(zone))
    # Inside a gap with the offset of before the jump, in an overlap the second pass.
    shown = wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    exists = shown == wall.replace(tzinfo=None)
    assert found == wall.replace(fold=1 if exists else 0).astimezone(UTC)


async def test_the_thirty_first_comes_back_after_every_shorter_month(
    database: asyncpg.Connection,
) -> None:
    rows = await database.fetch(
        "SELECT local_date::text FROM app.series_dates('monthly', 31::smallint, '2027-10-31',"
        " NULL, 6)"
    )
    assert [row["local_date"] for row in rows] == [
        *("2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31")
    ]
