"""A series rests, and goes on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.features.recurring.standing import MONDAY, audited, staged
from tests.world import World


@pytest.mark.parametrize("who", ["client", "specialist", "admin"])
async def test_a_paused_series_makes_no_bookings(world: World, who: str) -> None:
    stage = await staged(world, start="2027-03-03")
    person = {"client": stage.anna, "specialist": stage.sarah, "admin": await world.admin()}[who]
    for _ in range(2):
        reply = await person.post(f"{stage.path}/pause")
        assert (reply.status, reply.json["status"], reply.json["revision"]) == (200, "paused", 1)
    assert reply.json["upcoming"] == []
    assert await audited(world, stage.one) == ["created", "paused"]
    found = await stage.dispatched_at(MONDAY + timedelta(days=14))
    assert _dates(found) == ["2027-03-03"]
    # What stands is not touched.
    assert found["occurrences"][0]["booking_status"] == "pending_payment"


async def test_it_goes_on_with_its_next_date_and_catches_nothing_up(world: World) -> None:
    stage = await staged(world, start="2027-03-03")
    await stage.anna.post(f"{stage.path}/pause")
    await world.stop_clock(datetime(2027, 3, 24, 10, tzinfo=UTC))
    for _ in range(2):
        reply = await stage.anna.post(f"{stage.path}/resume")
        assert (reply.status, reply.json["status"], reply.json["revision"]) == (200, "active", 2)
    # On the 24th at ten the session of that morning has begun.
    assert _dates(reply.json) == ["2027-03-31", "2027-03-03"]
    assert reply.json["next_booking_date"] == "2027-04-07"
    assert await audited(world, stage.one) == ["created", "paused", "resumed"]


async def test_a_fortnight_keeps_its_rhythm_over_a_pause(world: World) -> None:
    stage = await staged(world, start="2027-03-03", wish={"frequency": "biweekly"})
    await stage.anna.post(f"{stage.path}/pause")
    await world.stop_clock(datetime(2027, 3, 18, 6, tzinfo=UTC))
    reply = await stage.anna.post(f"{stage.path}/resume")
    assert reply.json["next_booking_date"] == "2027-03-31"


async def test_a_series_whose_end_has_passed_meanwhile_has_ended(world: World) -> None:
    stage = await staged(world, start="2027-03-03", wish={"end_date": "2027-03-17"})
    await stage.anna.post(f"{stage.path}/pause")
    await world.stop_clock(datetime(2027, 3, 18, 6, tzinfo=UTC))
    reply = await stage.anna.post(f"{stage.path}/resume")
    assert (reply.status, reply.json["status"]) == (200, "ended")
    assert (reply.json["next_booking_date"], reply.json["ended_at"]) == (
        None,
        "2027-03-18T06:00:00Z",
    )
    assert await audited(world, stage.one) == ["created", "paused", "ended"]
    for verb in ("pause", "resume"):
        refusal = await stage.anna.post(f"{stage.path}/{verb}")
        assert (refusal.status, refusal.code) == (409, "SERIES_ENDED")


async def test_a_parked_series_is_tried_again_when_it_is_resumed(world: World) -> None:
    stage = await staged(world, start="2027-03-03")
    await world.superuser.execute(
        "UPDATE app.recurring_bookings SET failed_attempts = 5, next_attempt_at = 'infinity',"
        " last_error = 'DataError'"
    )
    assert _dates(await stage.dispatched_at(MONDAY + timedelta(days=7))) == ["2027-03-03"]
    reply = await stage.anna.post(f"{stage.path}/resume")
    assert _dates(reply.json) == ["2027-03-10", "2027-03-03"]
    assert reply.json["last_error"] is None


def _dates(series: Any) -> list[str]:
    return [each["local_date"] for each in series["occurrences"]]
