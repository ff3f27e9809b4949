"""An adapter for one account at Razorpay, whose clock stands still."""

from typing import Any

from consulta.providers.payments.razorpay import RazorpayProvider

NOW = 1_700_000_000
SECRET = "webhook-secret"
PAYMENT = "0193f1d0-7a2b-7c3d-8e4f-5a6b7c8d9e0f"


def razorpay_at(url: str, **changes: Any) -> RazorpayProvider:
    settings: dict[str, Any] = {
        "key_id": "rzp_test_fake",
        "key_secret": "secret_fake",
        "webhook_secrets": [SECRET],
        "api_base": url,
        "timeout_seconds": 2.0,
        "clock": lambda: float(NOW),
    }
    return RazorpayProvider(**(settings | changes))
