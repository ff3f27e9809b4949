"""Which dates are due, and at which instant: wall time, months, lead, horizon, notice, outages."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.features.recurring.dispatching import (
    WHOLE_WEEK,
    as_it_stands,
    bookings,
    dates,
    dispatched,
    series,
    starts,
    utc,
)
from tests.world import World

NIGHT = time(2, 0, tzinfo=UTC)


async def nights(world: World, first: date, last: date) -> None:
    """The dispatcher has run at 02:00 UTC of each of these days."""
    for ahead in range((last - first).days + 1):
        await dispatched(world, datetime.combine(first + timedelta(days=ahead), NIGHT))


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("America/New_York", ("2027-03-14", "2027-11-07")),
        ("Europe/Berlin", ("2027-03-28", "2027-10-31")),
        ("Australia/Lord_Howe", ("2027-04-04", "2027-10-03")),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
async def test_nine_in_the_morning_stays_nine_when_clocks_change(
    world: World, zone: str, changes: tuple[str, str], which: int
) -> None:
    changes_on = date.fromisoformat(changes[which])
    first = changes_on - timedelta(days=13)
    sarah = await world.specialist(open=WHOLE_WEEK, time_zone=zone)
    anna = await world.client()
    await world.stop_clock(datetime.combine(first - timedelta(days=9), NIGHT))
    made = await series(world, sarah, anna, first, "09:00")
    on_the_day = await series(world, sarah, anna, first - timedelta(days=1), "12:00")

    for week in range(4):
        night = first + timedelta(days=7 * week - 8)
        await dispatched(world, datetime.combine(night, NIGHT))
    begun = await starts(world, made)

    local = [start.astimezone(ZoneInfo(zone)) for start in begun]
    assert [one.time() for one in local] == [time(9, 0)] * len(local)
    assert [one.date() for one in local] == [first + timedelta(days=7 * n) for n in range(3)]
    assert len({one.utcoffset() for one in local}) == 2
    noons = {one.astimezone(ZoneInfo(zone)).time() for one in await starts(world, on_the_day)}
    assert noons == {time(12, 0)}


async def test_monthly_from_the_31st_comes_back_to_it(world: World) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    await world.stop_clock(utc("2027-01-20T02:00:00"))
    made = await series(world, sarah, anna, "2027-01-31", frequency="monthly")

    for night in ("2027-01-25", "2027-02-22", "2027-03-25", "2027-04-24", "2027-05-25"):
        await dispatched(world, f"{night}T02:00:00")

    assert await dates(world, made) == [
        (day, "booked")
        for day in ("2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31")
    ]


async def test_monthly_in_a_leap_year_and_over_the_year_s_end(world: World) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    await world.stop_clock(utc("2027-11-20T02:00:00"))
    made = await series(world, sarah, anna, "2027-11-30", frequency="monthly")

    for night in ("2027-11-25", "2027-12-25", "2028-01-25", "2028-02-25", "2028-03-25"):
        await dispatched(world, f"{night}T02:00:00")

    assert [day for day, _ in await dates(world, made)] == [
        *("2027-11-30", "2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30")
    ]


async def test_a_weekly_series_has_two_dates_when_both_are_due(world: World) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    await world.stop_clock(utc("2027-01-04T02:00:00"))
    made = await series(world, sarah, anna, "2027-01-04")

    await dispatched(world)

    assert await dates(world, made) == [("2027-01-04", "booked"), ("2027-01-11", "booked")]
    assert (await as_it_stands(world, made))["next_booking_date"] == date(2027, 1, 18)


async def test_what_is_further_ahead_than_the_lead_waits(world: World) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    await world.stop_clock(utc("2027-01-04T02:00:00"))
    made = await series(world, sarah, anna, "2027-01-12")

    await dispatched(world)
    assert await dates(world, made) == []
    await dispatched(world, "2027-01-05T02:00:00")

    assert await dates(world, made) == [("2027-01-12", "booked")]


async def test_longer_notice_is_met_by_a_longer_lead(world: World) -> None:
    fortnight = 14 * 24 * 60
    sarah = await world.specialist(
        open=WHOLE_WEEK, notice_minutes=fortnight, time_zone="Asia/Tokyo"
    )
    anna = await world.client()
    await world.stop_clock(utc("2027-01-04T02:00:00"))
    made = await series(world, sarah, anna, "2027-01-21", "00:30")

    await nights(world, date(2027, 1, 4), date(2027, 1, 10))

    assert await dates(world, made) == [("2027-01-21", "booked")]


async def test_nothing_is_booked_beyond_the_horizon_and_all_within_it(world: World) -> None:
    sarah = await world.specialist(open=WHOLE_WEEK, horizon_days=3)
    anna = await world.client()
    await world.stop_clock(utc("2027-01-04T02:00:00"))
    made = await series(world, sarah, anna, "2027-01-07", "10:00")

    await dispatched(world)
    assert await dates(world, made) == []
    await world.stop_clock(utc("2027-01-04T11:00:00"))
    await world.work_off("recurring.catch_up")

    assert await dates(world, made) == [("2027-01-07", "booked")]


async def test_auckland_at_two_never_meets_a_session_that_has_begun(world: World) -> None:
    sarah = await world.specialist(open=WHOLE_WEEK, time_zone="Pacific/Auckland")
    anna = await world.client()
    first = date(2027, 3, 1)
    await world.stop_clock(datetime.combine(first - timedelta(days=8), NIGHT))
    made = [
        await series(world, sarah, anna, first + timedelta(days=ahead), at)
        for ahead, at in ((0, "00:00"), (1, "08:00"), (2, "15:00"), (3, "23:30"))
    ]

    # Clocks change on 4 April.
    await nights(world, first - timedelta(days=8), date(2027, 4, 12))

    for one in made:
        booked = await bookings(world, one)
        assert len(booked) >= 6
        assert all(row["created_at"] < row["starts_at"] - timedelta(days=6) for row in booked)
        assert {what for _, what in await dates(world, one)} == {"booked"}


@pytest.mark.parametrize("days", [3, 10])
async def test_an_outage_is_caught_up_without_past_sessions(world: World, days: int) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    before = utc("2027-01-04T02:00:00")
    await world.stop_clock(before)
    made = [
        await series(world, sarah, anna, date(2027, 1, 4) + timedelta(days=ahead), "01:00")
        for ahead in range(1, 8)
    ]
    await dispatched(world)

    back = before + timedelta(days=days)
    await dispatched(world, back)
    await dispatched(world, back + timedelta(minutes=1))

    for one in made:
        known = await dates(world, one)
        days_known = [date.fromisoformat(day) for day, _ in known]
        assert days_known == [days_known[0] + timedelta(days=7 * n) for n in range(len(known))]
        assert days_known[-1] + timedelta(days=7) > back.date() + timedelta(days=7)
        for day, what in known:
            begins = utc(f"{day}T01:00:00")
            was_known = begins.date() <= date(2027, 1, 11)
            assert what == ("booked" if was_known or begins > back else "in_the_past")
        assert all(row["created_at"] < row["starts_at"] for row in await bookings(world, one))


async def test_a_long_outage_is_caught_up_piece_by_piece(world: World) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    await world.stop_clock(utc("2027-01-04T02:00:00"))
    made = await series(world, sarah, anna, "2027-01-05")

    run = await dispatched(world, "2027-12-01T02:00:00")

    known = await dates(world, made)
    assert [what for _, what in known] == ["in_the_past"] * 48 + ["booked"]
    assert (run["done_count"], run["skipped_count"]) == (1, 48)
    assert known[-1][0] == "2027-12-07"
