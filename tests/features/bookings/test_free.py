"""Sessions that cost nothing: no payment exists, and nothing is owed."""

from tests.features.bookings.stages import booked
from tests.world import World


async def test_a_free_session_waits_for_the_specialist_alone(world: World) -> None:
    stage = await booked(world, price=0)
    booking = await stage.seen()
    assert (booking["status"], booking["payment"]) == ("awaiting_confirmation", None)
    assert booking["total"] == {"amount_minor": 0, "currency": "USD"}
    assert await world.value("SELECT count(*) FROM app.payments") == 0
    reply = await stage.confirm()
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    history = (await stage.anna.get(f"/bookings/{stage.id}/history")).json["items"]
    assert [one["actor_kind"] for one in history] == ["client", "specialist"]


async def test_a_free_session_may_confirm_itself(world: World) -> None:
    stage = await booked(world, price=0, auto_confirm=True)
    booking = await stage.seen()
    assert (booking["status"], booking["expires_at"]) == ("confirmed", None)
    assert not await stage.is_free_again()


async def test_a_free_session_expires_unconfirmed(world: World) -> None:
    stage = await booked(world, price=0, confirmation_hours=2)
    await world.travel(hours=2)
    await world.work_off("bookings.expire")
    assert await stage.status() == ("expired", None)
    assert await stage.is_free_again()


async def test_cancelling_a_free_session_moves_no_money(world: World) -> None:
    stage = await booked(world, price=0, auto_confirm=True)
    reply = await stage.cancel()
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    (record,) = await world.rows("SELECT * FROM app.booking_cancellations")
    assert (record["cancellation_policy_applied"], record["refund_minor"]) == ("no_refund", 0)
    assert await stage.is_free_again()


async def test_there_is_nothing_to_pay_again(world: World) -> None:
    stage = await booked(world, price=0)
    reply = await stage.pay("pm_sandbox_visa")
    assert (reply.status, reply.code) == (409, "BOOKING_NOT_UNPAID")
