"""The whole story of a package, with the real SDK against the stateful fake Stripe."""

from datetime import datetime
from typing import Any

from tests.features.packages.shop import Purchase, offered
from tests.world.stripe import StripeWorld


async def bought(bank: StripeWorld, **body: Any) -> tuple[Purchase, Any]:
    """A purchase of four sessions for 80.00, and the answer to it."""
    sarah, anna = await bank.world.specialist(), await bank.world.client()
    package = await offered(sarah)
    reply = await anna.post(f"/packages/{package['id']}/purchases", body)
    assert reply.status == 201, reply.json
    return Purchase(bank.world, sarah, anna, package, reply.json["id"]), reply.json


async def test_bought_credited_by_webhook_booked_cancelled_and_the_rest_refunded(
    bank: StripeWorld,
) -> None:
    purchase, answer = await bought(bank)
    assert (answer["status"], answer["payment"]["publishable_key"]) == (
        "pending_payment",
        "pk_test_consulta",
    )

    await bank.pays(answer)
    assert await purchase.status() == ("active", "paid", 4)
    (intent,) = bank.intents()
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 8_000)
    assert intent["capture_method"] == "automatic"

    held = await purchase.books("mon 10:00")
    cancelled = await purchase.books("wed 10:00")
    for booking in (held, cancelled):
        reply = await purchase.sarah.post(f"/bookings/{booking['id']}/confirm")
        assert reply.json["status"] == "confirmed"
    await purchase.anna.post(f"/bookings/{cancelled['id']}/cancel")
    await bank.world.stop_clock(datetime.fromisoformat(held["ends_at"]))
    await purchase.sarah.post(f"/bookings/{held['id']}/complete")
    assert await purchase.status() == ("active", "paid", 3)
    # Sessions that a credit pays cost nothing at the bank.
    assert len(bank.intents()) == 1

    reply = await purchase.refund()
    await bank.letters_arrive()

    assert (reply.status, reply.json["status"]) == (200, "refunded")
    assert await purchase.status() == ("refunded", "partially_refunded", 0)
    (refund,) = bank.fake.control.objects("refund", key="sk_test_consulta")
    assert refund["amount"] == 6_000


async def test_the_letter_comes_twice_and_the_credits_once(bank: StripeWorld) -> None:
    purchase, answer = await bought(bank)
    await bank.pays(answer)
    await bank.letters_arrive()
    await bank.world.work_off("webhooks.letters", "payments.operations")
    assert await purchase.ledger() == [("granted", 4)]


async def test_paid_with_a_card_on_file_it_is_active_in_the_answer(bank: StripeWorld) -> None:
    purchase, answer = await bought(bank, payment_method="pm_card_visa")
    assert (answer["status"], answer["credits_left"]) == ("active", 4)
    await bank.letters_arrive()
    assert await purchase.ledger() == [("granted", 4)]


async def test_a_declined_card_and_then_another_on_the_same_intent(bank: StripeWorld) -> None:
    purchase, answer = await bought(bank, payment_method="pm_card_chargeDeclined")
    assert (answer["status"], answer["payment"]["last_error"]) == (
        "pending_payment",
        "card_declined",
    )
    reply = await purchase.pay("pm_card_visa")
    assert (reply.status, reply.json["status"]) == (201, "active")
    await bank.letters_arrive()
    assert len(bank.intents()) == 1


async def test_half_an_hour_unpaid_and_the_intent_is_cancelled(bank: StripeWorld) -> None:
    purchase, _ = await bought(bank)
    await bank.world.travel(minutes=31)
    await bank.world.cron("expire-packages")
    await bank.letters_arrive()
    assert await purchase.status() == ("cancelled", "cancelled", 0)
    assert [one["status"] for one in bank.intents()] == ["canceled"]
