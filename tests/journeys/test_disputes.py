"""Disputes from their first letter to the bank's decision, in whatever order the letters come."""

import json
from typing import Any

import pytest

from tests.journeys.desk import read
from tests.world.hosted import RazorpayWorld
from tests.world.stripe import StripeWorld
from tests.world.world import World

REVIEW = {"disputed": 1, "dispute_closed": 1}


async def told(world: World) -> dict[str, int]:
    """How often the outbox told of a dispute that began or ended."""
    rows = await world.rows(
        "SELECT topic, count(*) FROM app.outbox WHERE topic LIKE 'payment.disput%' GROUP BY topic"
    )
    return {row["topic"].removeprefix("payment."): row["count"] for row in rows}


async def movements(sarah: Any) -> list[tuple[str, str, int]]:
    """Kind, account and amount, as they came, by account within."""
    items = await sarah.sees("/specialists/me/ledger")
    ordered = sorted(items, key=lambda one: (one["created_at"], one["account"]))
    return [(one["kind"], one["account"], one["amount"]["amount_minor"]) for one in ordered]


async def flaws(world: World) -> list[Any]:
    return list(await (await world.admin()).sees("/admin/ledger/mismatches"))


async def paid_at_stripe(bank: StripeWorld, when: str = "mon 10:00") -> tuple[Any, Any, Any, str]:
    sarah, anna = await bank.world.specialist(), await bank.world.client()
    booking = await anna.books(sarah, when, payment_method="pm_card_visa")
    await sarah.post(f"/bookings/{booking['id']}/confirm")
    await bank.letters_arrive()
    return sarah, anna, booking, bank.intents()[-1]["id"]


@pytest.mark.parametrize("won", [True, False])
async def test_a_dispute_at_stripe_is_opened_and_decided(bank: StripeWorld, won: bool) -> None:
    sarah, anna, booking, intent = await paid_at_stripe(bank)
    control = bank.fake.control
    dispute = control.open_dispute(intent, amount=15_000, reason="product_not_received")
    await bank.letters_arrive()

    payment = (await read(anna, booking))["payment"]
    seen = {
        "status": "open",
        "reason": "product_not_received",
        "amount": {"amount_minor": 15_000, "currency": "USD"},
    }
    assert (payment["is_disputed"], payment["dispute"]) == (True, seen)
    assert (await sarah.get(f"/payments/{payment['id']}")).json["dispute"] == seen
    held = await movements(sarah)
    assert held[-2:] == [
        ("dispute", "disputed", 15_000),
        ("dispute", "gateway", -15_000),
    ]

    await bank.world.travel(minutes=1)
    control.close_dispute(dispute["id"], won=won)
    await bank.letters_arrive()

    payment = (await read(anna, booking))["payment"]
    state = "won" if won else "lost"
    assert (payment["is_disputed"], payment["dispute"]) == (False, {**seen, "status": state})
    back = [("dispute_won", "disputed", -15_000), ("dispute_won", "gateway", 15_000)]
    ledger = await movements(sarah)
    assert ledger == held + (back if won else [])
    assert await told(bank.world) == REVIEW
    assert await flaws(bank.world) == []
    audited = await bank.world.rows(
        "SELECT action, new_values ->> 'status' AS status FROM app.audit_logs"
        " WHERE action LIKE 'payment.disput%' ORDER BY timestamp"
    )
    assert [tuple(row.values()) for row in audited] == [
        ("payment.disputed", "open"),
        ("payment.dispute_closed", state),
    ]
    message = json.loads(
        await bank.world.value("SELECT payload FROM app.outbox WHERE topic = 'payment.disputed'")
    )
    assert (message["booking_id"], message["payment_id"]) == (booking["id"], payment["id"])
    assert set(message) >= {"specialist_id", "client_id", "purchase_id"}


async def test_letters_of_a_dispute_may_come_in_any_order_and_twice(bank: StripeWorld) -> None:
    """The last comes first: it is over before it was heard to begin."""
    _, anna, booking, intent = await paid_at_stripe(bank)
    control = bank.fake.control
    control.hold_webhooks()
    dispute = control.open_dispute(intent)
    control.close_dispute(dispute["id"], won=True)
    waiting = [one for one in control.deliveries("held") if "dispute" in one["type"]]
    assert len(waiting) == 4
    for letter in reversed(waiting):
        await control.deliver(letter["id"], times=2)
        await bank.world.work_off("webhooks.letters")
        payment = (await read(anna, booking))["payment"]
        assert (payment["is_disputed"], payment["dispute"]["status"]) == (False, "won")
    assert await told(bank.world) == {"dispute_closed": 1}
    assert await bank.world.value("SELECT count(*) FROM app.ledger_entries") == 2
    assert await flaws(bank.world) == []


async def test_an_inquiry_holds_no_money_back(bank: StripeWorld) -> None:
    sarah, anna, booking, intent = await paid_at_stripe(bank)
    inquiry = bank.fake.control.open_dispute(intent, inquiry=True)
    await bank.letters_arrive()
    payment = (await read(anna, booking))["payment"]
    assert (payment["is_disputed"], payment["dispute"]["status"]) == (True, "inquiry")
    bank.fake.control.close_dispute(inquiry["id"], won=False)
    await bank.letters_arrive()
    payment = (await read(anna, booking))["payment"]
    assert (payment["is_disputed"], payment["dispute"]["status"]) == (False, "closed")
    assert len(await movements(sarah)) == 2
    assert await told(bank.world) == REVIEW


@pytest.mark.parametrize(("status", "entries"), [("won", 6), ("lost", 4), ("closed", 6)])
async def test_a_dispute_at_razorpay_is_opened_and_decided(
    razorpay: RazorpayWorld, status: str, entries: int
) -> None:
    world = razorpay.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00")
    order = booking["payment"]["next_action"]["order_reference"]
    await razorpay.pays(booking)
    await sarah.post(f"/bookings/{booking['id']}/confirm")
    dispute = razorpay.fake.control.dispute(order)
    await razorpay.letters_arrive()
    payment = (await read(anna, booking))["payment"]
    assert (payment["is_disputed"], payment["dispute"]["status"]) == (True, "open")

    razorpay.fake.control.decide(dispute["id"], status)
    await razorpay.letters_arrive()
    await razorpay.letters_arrive()
    payment = (await read(anna, booking))["payment"]
    assert (payment["is_disputed"], payment["dispute"]["status"]) == (False, status)
    assert payment["dispute"]["amount"]["amount_minor"] == 20_000
    assert await world.value("SELECT count(*) FROM app.ledger_entries") == entries
    assert await told(world) == REVIEW
    assert await flaws(world) == []
