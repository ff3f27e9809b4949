"""Where a session may be moved: what the calendar offers now, for the length that was sold."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.features.bookings.stages import Stage, booked, confirmed
from tests.features.bookings.test_reschedule import MOMENT, claims, move
from tests.world import World


async def change(world: World, what: str) -> None:
    """The specialist's page is otherwise by now."""
    await world.superuser.execute(f"UPDATE app.specialists SET {what}")


@pytest.mark.parametrize(
    "what", ["is_verified = false, verified_at = NULL", "is_accepting = false"]
)
async def test_a_specialist_who_takes_no_bookings_moves_own_ones_anyway(
    world: World, what: str
) -> None:
    stage = await confirmed(world)
    await change(world, what)
    for who in (stage.anna, stage.sarah):
        reply = await move(stage, "mon 11:00", who)
        assert (reply.status, reply.code) == (409, "NOT_ACCEPTING")
    reply = await move(stage, "mon 11:00", stage.sarah, anyway=True)
    assert (reply.status, reply.json["revision"]) == (200, 1)


async def test_anyway_is_not_for_clients(world: World) -> None:
    stage = await confirmed(world)
    reply = await move(stage, "mon 20:00", anyway=True)
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    for hour, who in ((20, stage.sarah), (21, await world.admin())):
        assert (await move(stage, f"mon {hour}:00", who, anyway=True)).status == 200
    # Nor does a client get there who moves on from such a time.
    reply = await move(stage, "mon 20:00")
    assert (reply.status, reply.code) == (409, "SLOT_NOT_OFFERED")


async def test_anyway_does_not_push_another_aside(world: World) -> None:
    stage = await confirmed(world, buffer_minutes=10, when="mon 09:40")
    ben = await world.client("Ben")
    other = await ben.books(stage.sarah, "mon 11:00")
    ends = datetime.fromisoformat(other["ends_at"])
    for start in (stage.sarah.at("mon 11:00"), ends + timedelta(minutes=9)):
        reply = await move(stage, start, stage.sarah, anyway=True)
        assert (reply.status, reply.code) == (409, "SLOT_TAKEN")
    assert (await move(stage, ends + timedelta(minutes=10), stage.sarah, anyway=True)).status == 200


@pytest.mark.parametrize(
    ("when", "code"),
    [("sat 10:00", "SLOT_NOT_OFFERED"), ("mon 10:10", "SLOT_NOT_OFFERED"),
     ("mon 17:00", "SLOT_NOT_OFFERED"), ("tue 12:00", "SLOT_NOT_OFFERED")],
)  # fmt: skip
async def test_only_offered_times(world: World, when: str, code: str) -> None:
    stage = await confirmed(world)
    tuesday = stage.sarah.at("tue 12:00").date()
    await stage.sarah.post(
        "/specialists/me/availability-exceptions",
        {"date": str(tuesday), "starts_at": "11:00", "ends_at": "13:00"},
    )
    for who in (stage.anna, stage.sarah):
        reply = await move(stage, when, who)
        assert (reply.status, reply.code) == (409, code)


async def test_notice_and_horizon_count_for_the_new_time(world: World) -> None:
    stage = await confirmed(world, notice_minutes=600, horizon_days=14)
    await world.stop_clock(stage.starts_at - timedelta(hours=2))
    inside = stage.starts_at + timedelta(hours=1)
    beyond = stage.starts_at + timedelta(days=21)
    for when in (inside, beyond):
        reply = await move(stage, when)
        assert (reply.status, reply.code) == (409, "SLOT_NOT_OFFERED")
        assert (await move(stage, when, stage.sarah, anyway=True)).status == 200
        assert (await move(stage, "wed 10:00")).status == 200


async def test_the_length_that_was_sold_is_kept(world: World) -> None:
    """The rate, its length and the slots have changed since; the rate is not even sold any more."""
    stage = await confirmed(world, minutes=60, slot_minutes=30)
    await world.superuser.execute(
        "UPDATE app.specialist_rates SET duration_minutes = 90, is_active = false"
    )
    await world.superuser.execute("UPDATE app.availability_rules SET slot_minutes = 20")
    reply = await move(stage, "mon 11:20")
    assert reply.status == 200, reply.json
    assert datetime.fromisoformat(reply.json["ends_at"]) == stage.sarah.at("mon 12:20")
    listed = await stage.anna.get(
        f"/specialists/{stage.sarah.id}/slots",
        params={
            "from": str(stage.starts_at.date()),
            "to": str(stage.starts_at.date()),
            "exclude_booking": stage.id,
        },
    )
    starts = [one["starts_at"][11:16] for one in listed.json["items"]]
    # What is listed for moving is what a move gets: an hour fits at 16:00 and no later.
    assert (starts[0], starts[-1], len(starts)) == ("09:00", "16:00", 22)
    assert (await move(stage, "mon 16:00")).status == 200


async def test_a_buffer_of_today_goes_with_the_session(world: World) -> None:
    stage = await confirmed(world)
    ben = await world.client("Ben")
    await ben.books(stage.sarah, "mon 12:00")
    await world.superuser.execute("UPDATE app.availability_rules SET buffer_minutes = 30")
    assert (await move(stage, "mon 11:00")).status == 200
    reply = await move(stage, "mon 12:00")
    assert (reply.status, reply.code) == (409, "SLOT_TAKEN")
    [span] = await world.rows(
        "SELECT s.ends_at - s.session_ends_at AS after FROM app.slots s"
        " JOIN app.bookings b ON b.slot_id = s.id WHERE b.id = $1",
        stage.id,
    )
    assert span["after"] == timedelta(minutes=30)


async def test_a_full_day_has_room_for_who_is_in_it(world: World) -> None:
    stage = await confirmed(world, most_a_day=2)
    ben = await booked(world, sarah=stage.sarah, when="mon 11:00")
    assert (await move(stage, "mon 15:00")).status == 200
    other = await confirmed(world, sarah=stage.sarah, when="tue 10:00")
    reply = await move(other, "mon 12:00")
    assert (reply.status, reply.code) == (409, "DAY_FULL")
    assert (await move(ben, "tue 11:00")).status == 200
    assert (await move(other, "mon 12:00")).status == 200


@pytest.mark.parametrize(
    ("day", "clocks"),
    [
        ("2027-03-28", ["01:00", "01:30", "03:00", "03:30"]),  # Berlin skips 02:00-03:00.
        ("2027-10-31", ["01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"]),
    ],
)
async def test_where_the_clock_jumps(world: World, day: str, clocks: list[str]) -> None:
    """Every start that the list has on such a day is a start that a move gets."""
    zone = ZoneInfo("Europe/Berlin")
    await world.stop_clock(datetime.fromisoformat(f"{day}T12:00+00:00") - timedelta(days=5))
    sarah = await world.specialist(open="sun-sat 01:00-04:00", time_zone="Europe/Berlin")
    stage = await confirmed(world, sarah=sarah, when=sarah.at("fri 01:00"))
    listed = await stage.anna.sees(
        f"/specialists/{sarah.id}/slots?from={day}&to={day}&exclude_booking={stage.id}"
    )
    starts = [datetime.fromisoformat(one["starts_at"]) for one in listed]
    assert [start.astimezone(zone).strftime("%H:%M") for start in starts] == clocks
    for revision, start in enumerate(starts):
        reply = await move(stage, start, revision=revision)
        assert (reply.status, reply.json.get("revision")) == (200, revision + 1), reply.json
        assert datetime.fromisoformat(reply.json["starts_at"]) == start
    assert (await claims(stage))[-1] == ("booked", starts[-1])


async def bystanders(stage: Stage) -> list[Any]:
    return [await stage.world.value("SELECT revision FROM app.calendars")]


async def test_a_refusal_does_not_count_as_a_change_of_the_calendar(world: World) -> None:
    stage = await confirmed(world)
    before = await bystanders(stage)
    assert (await move(stage, "sat 10:00")).status == 409
    assert await bystanders(stage) == before
    assert (await move(stage, stage.sarah.at("mon 10:30") + MOMENT)).code == "SLOT_NOT_OFFERED"
