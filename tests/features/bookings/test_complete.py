"""After the session: held, or the client stayed away."""

from datetime import timedelta

import pytest

from tests.features.bookings.stages import authorised, confirmed
from tests.world import World

MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(("verb", "status"), [("complete", "completed"), ("no-show", "no_show")])
async def test_only_once_begun_a_session_is_over(world: World, verb: str, status: str) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at - MOMENT)
    reply = await stage.sarah.post(f"/bookings/{stage.id}/{verb}")
    assert (reply.status, reply.code) == (409, "BOOKING_NOT_STARTED")
    await world.stop_clock(stage.starts_at)
    reply = await stage.sarah.post(f"/bookings/{stage.id}/{verb}")
    assert (reply.status, reply.json["status"]) == (200, status)
    for other in ("complete", "no-show"):
        reply = await stage.sarah.post(f"/bookings/{stage.id}/{other}")
        assert (reply.status, reply.code) == (409, "BOOKING_NOT_CONFIRMED")


@pytest.mark.parametrize("verb", ["complete", "no-show"])
async def test_the_client_does_not_say_how_it_went(world: World, verb: str) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    reply = await stage.anna.post(f"/bookings/{stage.id}/{verb}")
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    ada = await world.admin()
    assert (await ada.post(f"/bookings/{stage.id}/{verb}")).status == 200


async def test_what_was_never_confirmed_is_never_over(world: World) -> None:
    stage = await authorised(world)
    await world.stop_clock(stage.starts_at)
    reply = await stage.sarah.post(f"/bookings/{stage.id}/complete")
    assert (reply.status, reply.code) == (409, "BOOKING_NOT_CONFIRMED")


async def test_a_day_after_its_end_a_session_counts_as_held(world: World) -> None:
    stage = await confirmed(world)
    ends_at = stage.starts_at + timedelta(minutes=30)
    await world.stop_clock(ends_at + timedelta(hours=24))
    await world.work_off("bookings.complete_past")
    assert (await stage.seen())["status"] == "confirmed"
    await world.stop_clock(ends_at + timedelta(hours=24) + MOMENT)
    await world.work_off("bookings.complete_past")
    assert (await stage.seen())["status"] == "completed"
    history = (await stage.anna.get(f"/bookings/{stage.id}/history")).json["items"]
    assert (history[-1]["to_status"], history[-1]["actor_kind"]) == ("completed", "system")


@pytest.mark.parametrize("verb", ["complete", "no-show"])
async def test_a_past_session_whose_price_went_back_counts_as_refunded(
    world: World, verb: str
) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    await stage.sarah.post(f"/bookings/{stage.id}/{verb}")
    charge = await stage.charge()
    payment = (await stage.seen())["payment"]["id"]
    expected = {50: "completed" if verb == "complete" else "no_show", 100: "refunded"}
    for percent, status in expected.items():
        await world.sandbox.refund(
            charge.reference, charge.amount.share(50), idempotency_key=f"desk {percent}"
        )
        await stage.anna.post(f"/sandbox/payments/{payment}/action", {"succeed": True})
        assert (await stage.seen())["status"] == status
    assert await stage.status() == ("refunded", "refunded")
