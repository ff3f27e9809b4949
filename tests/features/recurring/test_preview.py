"""The dry run: each date ahead, free or why not, and what is free nearby."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.features.recurring.standing import MONDAY, WEEK, created, day, previewed
from tests.world import Client, Specialist, World


async def _taken(anna: Client, sarah: Specialist, on: date, clock: str = "10:00") -> None:
    await anna.books(sarah, datetime.combine(on, datetime.strptime(clock, "%H:%M").time(), UTC))


def _states(found: Any) -> list[str | None]:
    return [item["reason"] for item in found["items"]]


async def test_each_date_is_free_or_says_why_not(world: World) -> None:
    await world.stop_clock(MONDAY)
    sarah = await world.specialist(open="mon-fri 09:00-12:00", most_a_day=2)
    anna, ben = await world.client(), await world.client("Ben")
    await _taken(ben, sarah, date(2027, 3, 10))
    await _taken(ben, sarah, date(2027, 3, 17), "09:00")
    await _taken(ben, sarah, date(2027, 3, 17), "11:00")
    body = {"date": "2027-03-24", "is_available": False, "reason": "vacation"}
    assert (await sarah.post("/specialists/me/availability-exceptions", body)).status == 201

    found = await previewed(anna, sarah, start_date="2027-03-03", end_date="2027-03-31")

    assert _states(found) == [None, "taken", "day_full", "closed", None]
    assert [item["is_free"] for item in found["items"]] == [True, False, False, False, True]
    assert [item["nearest_free"] for item in found["items"]] == [
        None,
        # On the same date, as near as may be, the earlier one first.
        {"starts_at": "2027-03-10T09:30:00Z", "local_date": "2027-03-10"},
        # Within seven days.
        {"starts_at": "2027-03-16T10:00:00Z", "local_date": "2027-03-16"},
        {"starts_at": "2027-03-23T10:00:00Z", "local_date": "2027-03-23"},
        None,
    ]


async def test_where_nothing_is_free_within_seven_days_nothing_is_offered(world: World) -> None:
    await world.stop_clock(MONDAY)
    sarah = await world.specialist(open="mon 09:00-09:30")
    anna, ben = await world.client(), await world.client("Ben")
    for day_ in (8, 15, 22):
        await _taken(ben, sarah, date(2027, 3, day_), "09:00")
    found = await previewed(
        anna, sarah, start_date="2027-03-15", end_date="2027-03-15", local_time="09:00"
    )
    assert [(item["reason"], item["nearest_free"]) for item in found["items"]] == [("taken", None)]


async def test_beyond_the_horizon_nobody_knows_yet(world: World) -> None:
    await world.stop_clock(MONDAY)
    sarah = await world.specialist(open=WEEK, horizon_days=14)
    anna = await world.client()
    found = await previewed(
        anna, sarah, start_date="2027-03-08", end_date="2027-03-22", local_time="06:00"
    )
    assert _states(found) == ["closed", "closed", "not_open_yet"]
    found = await previewed(
        anna, sarah, start_date="2027-03-08", end_date="2027-03-22", local_time="09:00"
    )
    assert _states(found) == [None, "not_open_yet", "not_open_yet"]
    assert [item["is_free"] for item in found["items"]] == [True, None, None]


async def test_minimum_notice_is_no_reason_against_a_later_session(world: World) -> None:
    await world.stop_clock(MONDAY)
    sarah = await world.specialist(open=WEEK, notice_minutes=10 * 24 * 60)
    anna, ben = await world.client(), await world.client("Ben")
    await sarah.post(
        "/bookings",
        sarah.booking(
            datetime(2027, 3, 8, 10, tzinfo=UTC), client_id=str(ben.id), anyway=True, by_hand=True
        ),
    )
    found = await previewed(anna, sarah, start_date="2027-03-08", end_date="2027-03-22")
    assert _states(found) == ["taken", None, None]
    near = found["items"][0]["nearest_free"]
    assert near["local_date"] == "2027-03-11"
    found = await previewed(anna, sarah, start_date="2027-03-09", end_date="2027-03-23")
    assert _states(found) == ["closed", None, None]


@pytest.mark.parametrize(("weeks", "count"), [(3, 3), (25, 25), (26, 26), (27, 26), (200, 26)])
async def test_half_a_year_of_weeks_is_answered_at_most(
    world: World, weeks: int, count: int
) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    found = await previewed(anna, sarah, end_date=day(sarah, 2 + 7 * (weeks - 1)))
    assert len(found["items"]) == count


async def test_the_wall_clock_stays_when_the_clocks_change(world: World) -> None:
    await world.stop_clock(MONDAY)
    sarah = await world.specialist(open=WEEK, time_zone="Europe/Berlin")
    anna = await world.client()
    found = await previewed(anna, sarah, start_date="2027-03-22", end_date="2027-03-29")
    assert [item["starts_at"] for item in found["items"]] == [
        "2027-03-22T09:00:00Z",
        "2027-03-29T08:00:00Z",
    ]
    assert _states(found) == [None, None]


async def test_the_thirty_first_is_the_last_of_a_shorter_month_and_comes_back(
    world: World,
) -> None:
    await world.stop_clock(datetime(2028, 1, 30, 6, tzinfo=UTC))
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    found = await previewed(
        anna, sarah, frequency="monthly", start_date="2028-01-31", end_date="2028-05-31"
    )
    assert [item["local_date"] for item in found["items"]] == [
        *("2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31")
    ]


async def test_what_is_said_to_be_free_can_be_booked_and_nothing_else(world: World) -> None:
    sarah = await world.specialist(open="mon-fri 09:00-17:00", slot_minutes=45, minutes=60)
    anna, ben = await world.client(), await world.client("Ben")
    for ahead in (5, 6, 12, 33, 34, 41):
        start = datetime.combine(day(sarah, ahead), datetime.min.time(), UTC)
        await ben.post("/bookings", sarah.booking(start + timedelta(hours=10, minutes=30)))
    for ahead in (5, 6):
        found = await previewed(
            anna, sarah, start_date=day(sarah, ahead), end_date=day(sarah, 60), local_time="10:30"
        )
        for item in found["items"]:
            reply = await anna.post("/bookings", sarah.booking(_at(item["starts_at"])))
            assert (reply.status == 201) == item["is_free"], item
            if item["nearest_free"] is not None:
                near = _at(item["nearest_free"]["starts_at"])
                assert (await anna.post("/bookings", sarah.booking(near))).status == 201


async def test_a_proposed_change_is_answered_like_a_proposed_series(world: World) -> None:
    await world.stop_clock(MONDAY)
    sarah = await world.specialist(open=WEEK)
    anna, ben = await world.client(), await world.client("Ben")
    one = await created(anna, sarah, start_date="2027-03-24", end_date="2027-05-05")
    await _taken(ben, sarah, date(2027, 4, 7), "11:00")
    left_out = {"scope": "one", "date": "2027-03-31"}
    assert (await anna.delete(f"/recurring-bookings/{one['id']}", params=left_out)).status == 200

    before = await world.rows("SELECT * FROM app.recurring_bookings")
    reply = await anna.patch(
        f"/recurring-bookings/{one['id']}",
        {"local_time": "11:00", "frequency": "weekly", "dry_run": True},
    )

    assert reply.status == 200, reply.json
    assert (reply.json["series"]["local_time"], reply.json["unchanged_bookings"]) == ("11:00", [])
    assert [item["local_date"] for item in reply.json["items"]] == [
        *("2027-03-24", "2027-04-07", "2027-04-14", "2027-04-21", "2027-04-28", "2027-05-05")
    ]
    assert _states(reply.json) == [None, "taken", None, None, None, None]
    assert await world.rows("SELECT * FROM app.recurring_bookings") == before


async def test_a_change_that_would_end_the_series_leaves_no_dates(world: World) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    one = await created(anna, sarah, start_date=day(sarah, 20))
    reply = await anna.patch(
        f"/recurring-bookings/{one['id']}",
        {"end_date": day(sarah, 20).isoformat(), "dry_run": True},
    )
    assert [item["local_date"] for item in reply.json["items"]] == [one["start_date"]]
    left_out = {"scope": "one", "date": one["start_date"]}
    await anna.delete(f"/recurring-bookings/{one['id']}", params=left_out)
    reply = await anna.patch(
        f"/recurring-bookings/{one['id']}",
        {"end_date": day(sarah, 20).isoformat(), "dry_run": True},
    )
    assert (reply.json["series"]["status"], reply.json["items"]) == ("ended", [])


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
