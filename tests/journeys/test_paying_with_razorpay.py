"""Whole stories of money at Razorpay, where a reservation cannot be released but only lapses."""

from typing import Any

from tests.features.reconciliation.books import everything, reconciled
from tests.world.hosted import RazorpayWorld


async def read(person: Any, booking: Any) -> Any:
    reply = await person.get(f"/bookings/{booking['id']}")
    assert reply.status == 200
    return reply.json


async def test_ordered_paid_in_the_checkout_confirmed_and_captured(
    razorpay: RazorpayWorld,
) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    payment = booking["payment"]
    assert (booking["status"], payment["status"]) == ("pending_payment", "pending")
    assert payment["publishable_key"] == "rzp_test_consulta"
    assert payment["next_action"]["kind"] == "order"

    await razorpay.pays(booking)
    waiting = await read(anna, booking)
    assert (waiting["status"], waiting["payment"]["status"]) == (
        "awaiting_confirmation",
        "authorized",
    )
    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    assert razorpay.fake.control.taken_minor() == 20_000
    await razorpay.letters_arrive()
    assert (await razorpay.payment(booking))["captured_minor"] == 20_000


async def test_declined_and_then_paid_on_the_same_order(razorpay: RazorpayWorld) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await razorpay.pays(booking, "4100280000080001")
    declined = (await read(anna, booking))["payment"]
    assert (declined["status"], declined["last_error"]) == ("pending", "insufficient_fund")
    assert declined["next_action"] == booking["payment"]["next_action"]

    await razorpay.pays(booking)
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"
    assert len(razorpay.fake.control.orders()) == 1


async def test_a_cancelled_booking_is_never_captured_and_its_reservation_lapses(
    razorpay: RazorpayWorld,
) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await razorpay.pays(booking)
    reply = await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "no time"})
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    # The money is still reserved, and nothing says otherwise.
    assert (await razorpay.payment(booking))["status"] == "authorized"
    assert await razorpay.operations(booking, "cancel") == ["pending"]

    for hours in (1, 24, 72):
        await razorpay.travel(hours=hours)
        await razorpay.letters_arrive()
        assert (await razorpay.payment(booking))["status"] == "authorized"
    assert razorpay.fake.control.asked("POST", "/capture") == 0

    razorpay.fake.control.drop_letters(2)  # Nobody tells us, so the service has to look.
    await razorpay.travel(hours=24)
    await razorpay.letters_arrive()
    assert (await razorpay.payment(booking))["status"] == "cancelled"
    assert await razorpay.operations(booking, "cancel") == ["done"]
    assert (await razorpay.payment(booking))["captured_minor"] == 0
    assert razorpay.fake.control.taken_minor() == 0


async def test_a_booking_that_expires_leaves_its_reservation_to_lapse(
    razorpay: RazorpayWorld,
) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await razorpay.pays(booking)
    reply = await sarah.post(f"/bookings/{booking['id']}/decline")
    assert (reply.status, reply.json["status"]) == (200, "declined")
    await razorpay.travel(days=5, hours=2)
    await razorpay.letters_arrive()
    assert (await razorpay.payment(booking))["status"] == "cancelled"
    assert razorpay.fake.control.payments("refunded")[0]["captured"] is False


async def test_paid_after_the_booking_was_given_up_is_never_captured(
    razorpay: RazorpayWorld,
) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    assert (await anna.post(f"/bookings/{booking['id']}/cancel")).status == 200
    assert (await razorpay.payment(booking))["status"] == "cancelled"

    await razorpay.pays(booking)  # An order cannot be withdrawn.
    assert (await razorpay.payment(booking))["status"] == "cancelled"
    # The release that found nothing to release has another in its place.
    assert await razorpay.operations(booking, "cancel") == ["dead", "pending"]
    await razorpay.travel(days=5, hours=2)
    await razorpay.letters_arrive()
    assert await razorpay.operations(booking, "cancel") == ["dead", "done"]
    assert razorpay.fake.control.taken_minor() == 0
    assert (await read(anna, booking))["status"] == "cancelled"


async def test_taken_after_the_booking_was_given_up_goes_all_back(
    razorpay: RazorpayWorld,
) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    assert (await anna.post(f"/bookings/{booking['id']}/cancel")).status == 200
    await razorpay.pays(booking)
    order_id = booking["payment"]["next_action"]["order_reference"]
    razorpay.fake.control.double_letters()
    razorpay.fake.control.capture_at_the_dashboard(order_id)
    await razorpay.letters_arrive()
    assert razorpay.fake.control.taken_minor() == 0
    assert await razorpay.operations(booking, "refund") == ["done"]
    assert razorpay.fake.control.asked("POST", "/refund") == 1
    assert (await razorpay.payment(booking))["status"] == "cancelled"


async def test_cancelled_after_the_capture_returns_the_money_once(
    razorpay: RazorpayWorld,
) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await razorpay.pays(booking)
    assert (await sarah.post(f"/bookings/{booking['id']}/confirm")).status == 200
    razorpay.fake.control.drop_next(path="/refund")  # It happened, and nobody heard.
    reply = await sarah.post(f"/bookings/{booking['id']}/cancel")
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    await razorpay.travel(minutes=2)
    await razorpay.letters_arrive()
    row = await razorpay.payment(booking)
    assert (row["status"], row["refunded_minor"]) == ("refunded", 20_000)
    assert razorpay.fake.control.taken_minor() == 0
    assert await razorpay.operations(booking, "refund") == ["done"]


async def test_an_order_whose_answer_was_lost_is_found_again(razorpay: RazorpayWorld) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    razorpay.fake.control.drop_next(method="POST", path="/orders")
    booking = await anna.books(sarah, "mon 10:00")
    assert booking["payment"]["next_action"] is None
    await razorpay.world.travel(minutes=2)
    await razorpay.letters_arrive()
    found = await read(anna, booking)
    orders = razorpay.fake.control.orders()
    assert [one["id"] for one in orders] == [found["payment"]["next_action"]["order_reference"]]


async def test_letters_twice_and_forged_change_nothing(razorpay: RazorpayWorld) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    razorpay.fake.control.double_letters(3)
    await razorpay.pays(booking)
    letter = razorpay.fake.control.post.letters["letter_1"]
    assert letter.statuses == [200, 200, 200]
    assert await razorpay.world.value("SELECT count(*) FROM app.webhook_events") == 1
    forged = letter.body.replace(b"authorized", b"captured")
    assert await razorpay.post(letter.url, forged, letter.headers) == 400
    assert await razorpay.world.value("SELECT count(*) FROM app.webhook_events") == 1
    kept = await razorpay.world.value("SELECT body::text FROM app.webhook_events")
    assert "payer@example.org" not in kept
    assert "+91" not in kept


async def test_a_comparison_finds_what_no_letter_told_and_a_second_one_nothing(
    razorpay: RazorpayWorld,
) -> None:
    """Orders that cannot be withdrawn, and reservations that only lapse, are no differences."""
    world = razorpay.world
    sarah, anna = await world.specialist(), await world.client()
    given_up = await anna.books(sarah, "mon 10:00")
    assert (await anna.post(f"/bookings/{given_up['id']}/cancel")).status == 200
    await reconciled(world)
    before = await everything(world)
    said = await reconciled(world)
    assert (said["parked"], said["voided"]) == (0, 0)
    assert await everything(world) == before
