"""Booking a session: one claim, one price, one payment."""

from tests.world import World


async def test_a_booking_is_paid_confirmed_and_captured(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()

    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    assert booking["status"] == "awaiting_confirmation"
    assert booking["payment"]["status"] == "authorized"

    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    assert reply.json["payment"]["captured"] == {"amount_minor": 20_000, "currency": "USD"}
    assert reply.json["payment"]["next_action"] is None


async def test_without_a_method_the_payment_waits_for_one(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00")
    assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")
    assert booking["payment"]["next_action"]["client_secret"]


async def test_a_slot_is_sold_once(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await anna.books(sarah, "mon 10:00")
    reply = await ben.post("/bookings", sarah.booking("mon 10:00"))
    assert (reply.status, reply.code) == (409, "SLOT_TAKEN")
    assert await ben.sees("/bookings") == []
