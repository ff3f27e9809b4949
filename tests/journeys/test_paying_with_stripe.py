"""Whole stories of money, with the real SDK against the stateful fake Stripe."""

from typing import Any

from tests.world.stripe import StripeWorld


async def read(person: Any, booking: Any) -> Any:
    reply = await person.get(f"/bookings/{booking['id']}")
    assert reply.status == 200
    return reply.json


async def test_created_authorised_by_webhook_confirmed_and_captured(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()

    booking = await anna.books(sarah, "mon 10:00")
    assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")
    assert booking["payment"]["publishable_key"] == "pk_test_consulta"

    await bank.pays(booking)
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"
    assert (await read(anna, booking))["payment"]["status"] == "authorized"

    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    await bank.letters_arrive()
    assert (await read(anna, booking))["payment"]["captured"]["amount_minor"] == 20_000
    intent = bank.fake.control.get(bank.intent_of(booking))
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 20_000)
    assert bank.fake.control.state()["captures"] == 1


async def test_a_declined_card_and_then_another_on_the_same_intent(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00")

    await bank.pays(booking, "pm_card_chargeDeclined")
    declined = await read(anna, booking)
    assert (declined["status"], declined["payment"]["status"]) == ("pending_payment", "pending")
    assert declined["payment"]["last_error"] == "card_declined"

    await bank.pays(booking)
    paid = await read(anna, booking)
    assert (paid["status"], paid["payment"]["status"]) == ("awaiting_confirmation", "authorized")
    assert paid["payment"]["last_error"] is None
    assert len(bank.intents()) == 1


async def test_a_card_declined_at_booking_and_another_presented_to_the_service(
    bank: StripeWorld,
) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_chargeDeclined")
    assert booking["payment"]["last_error"] == "card_declined"

    reply = await anna.post(
        f"/bookings/{booking['id']}/payments", {"payment_method": "pm_card_visa"}
    )
    assert (reply.status, reply.json["status"]) == (201, "awaiting_confirmation")
    assert len(bank.intents()) == 1


async def test_who_only_asks_for_the_way_to_pay_is_shown_the_same_intent(
    bank: StripeWorld,
) -> None:
    sarah, anna = await bank.world.specialist(), await bank.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    back = {"return_url": "https://app.example.com/back"}
    reply = await anna.post(f"/bookings/{booking['id']}/payments", back)
    assert reply.status == 201
    assert reply.json["payment"]["next_action"] == booking["payment"]["next_action"]
    assert len(bank.intents()) == 1


async def test_three_d_secure_is_asked_for_and_passed(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_authenticationRequired")
    assert booking["payment"]["status"] == "requires_action"

    bank.fake.control.complete_action(bank.intent_of(booking))
    await bank.letters_arrive()
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"


async def test_three_d_secure_failed_leaves_the_booking_unpaid(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_authenticationRequired")
    bank.fake.control.complete_action(bank.intent_of(booking), succeed=False)
    await bank.letters_arrive()
    failed = await read(anna, booking)
    assert (failed["status"], failed["payment"]["status"]) == ("pending_payment", "pending")
    assert failed["payment"]["last_error"]


async def test_the_specialist_declines_and_the_intent_is_cancelled(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_visa")

    reply = await sarah.post(f"/bookings/{booking['id']}/decline", {"reason": "on leave"})
    assert (reply.status, reply.json["status"]) == (200, "declined")
    await bank.letters_arrive()
    assert (await read(anna, booking))["payment"]["status"] == "cancelled"
    assert [one["status"] for one in bank.intents()] == ["canceled"]
    assert (await anna.post("/bookings", sarah.booking("mon 10:00"))).status == 201


async def test_half_an_hour_unpaid_and_the_booking_is_gone(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    booking = await anna.books(sarah, "mon 10:00")

    await world.travel(minutes=29, seconds=50)
    await world.work_off("bookings.expire")
    assert (await read(anna, booking))["status"] == "pending_payment"

    await world.travel(seconds=20)
    await world.work_off("bookings.expire")
    assert (await read(anna, booking))["status"] == "expired"
    await bank.letters_arrive()
    assert [one["status"] for one in bank.intents()] == ["canceled"]
    assert (await read(anna, booking))["payment"]["status"] == "cancelled"
    await ben.books(sarah, "mon 10:00")


async def test_a_captured_booking_is_cancelled_and_the_money_goes_back(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_visa")
    await sarah.post(f"/bookings/{booking['id']}/confirm")

    reply = await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "ill"})
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    await bank.letters_arrive()
    after = await read(anna, booking)
    assert (after["status"], after["payment"]["status"]) == ("cancelled", "refunded")
    assert after["payment"]["refunded"]["amount_minor"] == 20_000
    assert bank.fake.control.state()["refunded_minor"] == 20_000


async def test_a_lost_answer_leaves_a_pending_payment_that_the_worker_finishes(
    bank: StripeWorld,
) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    bank.fake.control.hold_webhooks()
    bank.fake.control.drop_next(times=3, path="/v1/payment_intents$", method="POST")
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_visa")
    assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")

    bank.fake.control.clear_faults()
    await world.travel(minutes=5)
    await bank.letters_arrive()
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"
    assert len(bank.intents()) == 1
