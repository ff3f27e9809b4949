"""The specialist's no: nothing is taken, what was reserved is released in full."""

from consulta.providers.payments.port import ChargeState
from tests.features.bookings.stages import authorised, booked, confirmed
from tests.world import World


async def test_declining_releases_the_authorisation_and_the_time(world: World) -> None:
    stage = await authorised(world)
    reply = await stage.decline({"reason": "On holiday.", "reason_code": "specialist_unavailable"})
    assert (reply.status, reply.json["status"]) == (200, "declined")
    assert reply.json["payment"]["status"] == "cancelled"
    assert (await stage.charge()).state is ChargeState.CANCELLED
    assert await stage.is_free_again()


async def test_what_is_unpaid_or_confirmed_is_not_declined(world: World) -> None:
    for stage in (await booked(world), await confirmed(world)):
        reply = await stage.decline()
        assert (reply.status, reply.code) == (409, "BOOKING_NOT_AWAITING_CONFIRMATION")


async def test_a_declined_booking_does_not_stand_any_more(world: World) -> None:
    stage = await authorised(world)
    await stage.decline()
    for act in (stage.decline, stage.cancel):
        reply = await act()
        assert (reply.status, reply.code) == (409, "ALREADY_CANCELLED")
    assert (await stage.confirm()).code == "BOOKING_NOT_AWAITING_CONFIRMATION"
    assert (await stage.pay("pm_sandbox_visa")).code == "BOOKING_NOT_UNPAID"


async def test_a_client_does_not_decline(world: World) -> None:
    stage = await authorised(world)
    reply = await stage.anna.post(f"/bookings/{stage.id}/decline")
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    assert await stage.status() == ("awaiting_confirmation", "authorized")


async def test_once_begun_it_is_too_late_to_decline(world: World) -> None:
    stage = await authorised(world, confirmation_hours=168)
    await world.stop_clock(stage.starts_at)
    reply = await stage.decline()
    assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")


async def test_a_specialist_who_cancels_what_waits_declines_it(world: World) -> None:
    stage = await authorised(world)
    reply = await stage.sarah.post(f"/bookings/{stage.id}/cancel")
    assert (reply.status, reply.json["status"]) == (200, "declined")


async def test_the_release_follows_when_the_provider_is_back(world: World) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        reply = await stage.decline()
        assert (reply.status, reply.json["status"]) == (200, "declined")
        assert reply.json["payment"]["status"] == "authorized"
        assert await stage.is_free_again()
    await world.travel(minutes=1)
    await world.work_off()
    assert await stage.status() == ("declined", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED


async def test_an_old_release_that_never_happened_is_still_made(world: World) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.decline()
    await world.travel(hours=21)  # The key is too old to be sent once more.
    await world.work_off()
    await world.work_off()
    assert await stage.status() == ("declined", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED


async def test_a_refusal_by_the_specialist_is_recorded(world: World) -> None:
    stage = await authorised(world)
    await stage.decline({"reason": "Full.", "reason_code": "schedule_conflict"})
    (record,) = await world.rows("SELECT * FROM app.booking_cancellations")
    assert str(record["booking_id"]) == stage.id
    assert (record["cancelled_by"], record["cancelled_by_kind"]) == (stage.sarah.id, "specialist")
    assert (record["reason"], record["reason_code"]) == ("Full.", "schedule_conflict")
    assert (record["cancellation_policy_applied"], record["refund_minor"]) == ("no_refund", 0)
