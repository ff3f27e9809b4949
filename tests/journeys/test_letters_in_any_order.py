"""The letters of a payment's whole life, in any order, doubled, early, or none at all for a week:
one final state, on both sides.
"""

from datetime import timedelta
from random import Random

import pytest

from tests.journeys.desk import dearly_paid, final_state, read
from tests.world.stripe import WEBHOOK_SECRET, StripeWorld

SEEDS = range(8)
FINAL = {
    "booking": "confirmed",
    "payment": "partially_refunded",
    "captured": 20_000,
    "refunded": 7_000,
    "disputed": True,
    "history": "confirmed",
    "stripe": ("succeeded", 20_000, 7_000, True),
}


async def test_any_order_with_doubles_and_in_the_midst_of_what_happens(bank: StripeWorld) -> None:
    """Eight sampled interleavings of what happens at Stripe with the letters that tell of it."""
    world = bank.world
    sarah, anna = await world.specialist(open="sun-sat 00:00-24:00"), await world.client()
    bank.fake.control.hold_webhooks()
    ends = []
    for seed in SEEDS:
        chance = Random(seed)
        booking = await anna.books(sarah, f"mon {8 + seed:02}:00")
        intent = bank.intent_of(booking)

        for step in dearly_paid(bank, intent):
            step()
            if chance.random() < 0.5:
                await some_letters(bank, chance)
        while bank.fake.control.deliveries("held"):
            await some_letters(bank, chance)
        for _ in range(3):
            await bank.letters_arrive()
            await world.travel(minutes=1)
        ends.append(await final_state(bank, anna, booking))
    assert ends == [FINAL] * len(SEEDS)


async def some_letters(bank: StripeWorld, chance: Random) -> None:
    """A few of those that are held, in any order, some of them twice."""
    held = bank.fake.control.deliveries("held")
    for letter in chance.sample(held, chance.randint(1, len(held)) if held else 0):
        await bank.fake.control.deliver(letter["id"], times=chance.randint(1, 2))
    await bank.world.work_off("webhooks.letters", "payments.operations")


async def test_no_letter_at_all_for_seven_days(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(horizon_days=90), await world.client()
    # Stripe writes to nobody.
    for endpoint in list(bank.fake.webhooks.endpoints):
        bank.fake.control.remove_webhook(endpoint)
    booking = await anna.books(sarah, sarah.at("mon 10:00") + timedelta(weeks=2))
    intent = bank.intent_of(booking)

    pays, captures, *later = dearly_paid(bank, intent)
    pays()
    await passes(bank, minutes=11)
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"
    captures()
    for day in range(7):
        if day in {1, 3, 5} and later:
            later.pop(0)()
        for _ in range(3):
            await passes(bank, hours=8)
    assert not later
    assert await final_state(bank, anna, booking) == FINAL
    assert await world.rows("SELECT * FROM app.webhook_events") == []


async def passes(bank: StripeWorld, **ahead: float) -> None:
    """So much time passes on both sides, and the clock of the service ticks."""
    seconds = ahead.get("hours", 0) * 3600 + ahead.get("minutes", 0) * 60
    await bank.fake.control.advance(seconds)
    await bank.world.travel(**ahead)
    await bank.world.work_off(
        "payments.operations",
        "bookings.expire",
        "reconciliation.read_again",
        "reconciliation.compare",
        "payments.operations",
    )


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_chargeDeclined"])
async def test_letters_that_are_handled_before_the_answer_they_are_about(
    bank: StripeWorld, method: str
) -> None:
    world, control = bank.world, bank.fake.control
    for endpoint in list(bank.fake.webhooks.endpoints):
        control.remove_webhook(endpoint)

    arrived: list[bytes] = []

    async def post_and_handle(url: str, body: bytes, headers: dict[str, str]) -> int:
        answer = await world.http.post(url, content=body, headers=headers)
        arrived.append(body)
        # Reading the charge brings the next letter: the first one's handling takes it along.
        handled = 0
        while len(arrived) == 1 or (handled and handled < len(arrived)):
            handled = len(arrived)
            await world.work_off("webhooks.letters")
        if handled:
            arrived.clear()
        return answer.status_code

    control.add_webhook(
        "http://consulta.test/api/webhooks/stripe",
        secret=WEBHOOK_SECRET,
        transport=post_and_handle,
    )
    control.set_webhook_mode("before_reply")
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method=method)
    if method == "pm_card_chargeDeclined":
        assert booking["payment"]["last_error"] == "card_declined"
        path = f"/bookings/{booking['id']}/payments"
        assert (await anna.post(path, {"payment_method": "pm_card_visa"})).status == 201
    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed"), reply.json
    reply = await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "ill"})
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    after = await read(anna, booking)
    assert (after["status"], after["payment"]["status"]) == ("cancelled", "refunded")
    (intent,) = bank.intents()
    assert (intent["status"], control.state()["captures"]) == ("succeeded", 1)
    assert control.state()["refunded_minor"] == 20_000
    history = await anna.sees(f"/bookings/{booking['id']}/history")
    assert [one["to_status"] for one in history] == [
        "pending_payment",
        "awaiting_confirmation",
        "confirmed",
        "cancelled",
    ]
