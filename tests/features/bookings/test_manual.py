"""Sessions paid by hand: no provider is asked, and the specialist decides at once."""

from tests.features.bookings.stages import booked
from tests.world import World


async def test_paid_by_hand_it_waits_for_the_specialist(world: World) -> None:
    stage = await booked(world, provider="manual")
    booking = await stage.seen()
    assert booking["status"] == "awaiting_confirmation"
    assert (booking["payment"]["provider"], booking["payment"]["status"]) == ("manual", "pending")
    assert booking["payment"]["next_action"] is None
    assert booking["payment"]["publishable_key"] is None
    assert await stage.operations() == []
    reply = await stage.confirm()
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    assert reply.json["payment"]["status"] == "pending"


async def test_it_does_not_confirm_itself(world: World) -> None:
    stage = await booked(world, provider="manual", auto_confirm=True)
    assert await stage.status() == ("awaiting_confirmation", "pending")


async def test_declined_or_cancelled_nothing_is_to_be_collected(world: World) -> None:
    stage = await booked(world, provider="manual")
    reply = await stage.decline()
    assert (reply.status, reply.json["payment"]["status"]) == (200, "cancelled")
    stage = await booked(world, provider="manual", when="tue 10:00", sarah=stage.sarah)
    await stage.confirm()
    reply = await stage.cancel()
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    assert reply.json["payment"]["status"] == "cancelled"
    records = await world.rows("SELECT refund_minor FROM app.booking_cancellations")
    assert [record["refund_minor"] for record in records] == [0, 0]


async def test_unconfirmed_it_expires(world: World) -> None:
    stage = await booked(world, provider="manual", confirmation_hours=3)
    await world.travel(hours=3)
    await world.work_off("bookings.expire")
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")
    assert await stage.is_free_again()


async def test_it_is_not_paid_online(world: World) -> None:
    stage = await booked(world, provider="manual")
    reply = await stage.pay("pm_sandbox_visa")
    assert (reply.status, reply.code) == (409, "BOOKING_NOT_UNPAID")
