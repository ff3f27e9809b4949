"""What happens to a payment at Stripe's own desk and in the payer's browser, step by step; and what
both sides say in the end.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.world.stripe import StripeWorld


async def read(person: Any, booking: Any) -> Any:
    reply = await person.get(f"/bookings/{booking['id']}")
    assert reply.status == 200
    return reply.json


def dearly_paid(bank: StripeWorld, intent: str) -> list[Callable[[], object]]:
    """Paid, captured, returned in two parts, and disputed: the service asks for none of it."""
    control = bank.fake.control
    return [
        partial(control.browser_confirm, intent, payment_method="pm_card_visa"),
        partial(control.capture_from_dashboard, intent),
        partial(control.refund_from_dashboard, intent, amount=5_000),
        partial(control.refund_from_dashboard, intent, amount=2_000),
        partial(control.open_dispute, intent),
    ]


async def final_state(bank: StripeWorld, anna: Any, booking: Any) -> dict[str, Any]:
    """Where booking and payment stand, and where their charge does."""
    seen = await read(anna, booking)
    payment = seen["payment"]
    intent = bank.fake.control.get(bank.intent_of(booking))
    charge = bank.fake.control.get(intent["latest_charge"])
    history = await anna.sees(f"/bookings/{booking['id']}/history")
    return {
        "booking": seen["status"],
        "payment": payment["status"],
        "captured": payment["captured"]["amount_minor"],
        "refunded": payment["refunded"]["amount_minor"],
        "disputed": payment["is_disputed"],
        "history": history[-1]["to_status"],
        "stripe": (
            intent["status"],
            charge["amount_captured"],
            charge["amount_refunded"],
            charge["disputed"],
        ),
    }
