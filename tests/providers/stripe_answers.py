"""What Stripe answers, as small as our reading of it needs, and an adapter to read it."""

from typing import Any

from consulta.kernel.money import Money
from consulta.providers.payments.stripe import StripeProvider

SECRET_KEY = "sk_test_example"
WEBHOOK_SECRET = "whsec_test"
NOW = 1_700_000_000
PRICE = Money(20_000, "USD")
PAYMENT = "0193f1d0-7a2b-7c3d-8e4f-5a6b7c8d9e0f"


def stripe_at(url: str, **changes: Any) -> StripeProvider:
    settings: dict[str, Any] = {
        "secret_key": SECRET_KEY,
        "publishable_key": "pk_test_1",
        "webhook_secrets": [WEBHOOK_SECRET],
        "api_base": url,
        "timeout_seconds": 5.0,
        "max_network_retries": 0,
        "clock": lambda: float(NOW),
    }
    return StripeProvider(**(settings | changes))


def intent(**changes: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "requires_capture",
        "amount": 20_000,
        "amount_capturable": 20_000,
        "amount_received": 0,
        "currency": "usd",
        "created": NOW,
        "client_secret": "pi_1_secret_hush",
        "metadata": {"consulta_payment": PAYMENT},
        "receipt_email": "anna@example.com",
        "latest_charge": settled(),
        "livemode": False,
    } | changes


def settled(**changes: Any) -> dict[str, Any]:
    return {
        "id": "ch_1",
        "object": "charge",
        "amount_captured": 0,
        "amount_refunded": 0,
        "disputed": False,
        "billing_details": {"name": "Anna", "email": "anna@example.com"},
        "payment_method_details": {"card": {"capture_before": NOW + 604_800}},
    } | changes


def failure(**error: Any) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "message": "Anna's card 4242"} | error}
