"""The good requests about gateway accounts of specialists."""

from collections.abc import Mapping

from tests.surface.ask import Ask, Of
from tests.surface.gateway_keys import PAYTABS, RAZORPAY, STRIPE

_MINE = "/api/v1/specialists/me/payment-configs"
_STRIPE: Mapping[str, Of] = {"provider": lambda _: "stripe"}
_OF_ACCOUNT: Mapping[str, Of] = {**_STRIPE, "account": lambda town: town.gateway["account"]}

ASKS_ABOUT_ACCOUNTS: Mapping[str, Ask] = {
    f"GET {_MINE}": Ask("specialist"),
    f"PUT {_MINE}/stripe": Ask("specialist", body=lambda _: dict(STRIPE), spends=True),
    f"PUT {_MINE}/razorpay": Ask("specialist", body=lambda _: dict(RAZORPAY), spends=True),
    f"PUT {_MINE}/paytabs": Ask("specialist", body=lambda _: dict(PAYTABS), spends=True),
    f"DELETE {_MINE}/stripe": Ask("specialist", spends=True),
    f"DELETE {_MINE}/razorpay": Ask("specialist", spends=True),
    f"DELETE {_MINE}/paytabs": Ask("specialist", spends=True),
    "GET /api/v1/admin/payment-configs": Ask("admin"),
    "GET /api/v1/payments/return/{provider}": Ask("anonymous", _STRIPE),
    "POST /api/v1/payments/return/{provider}": Ask("anonymous", _STRIPE),
    "GET /api/v1/payments/return/{provider}/{account}": Ask("anonymous", _OF_ACCOUNT),
    "POST /api/v1/payments/return/{provider}/{account}": Ask("anonymous", _OF_ACCOUNT),
    "POST /api/webhooks/{provider}/{account}": Ask(
        "anonymous",
        {"provider": lambda _: "stripe", "account": lambda town: town.gateway["account"]},
        lambda _: {"id": "evt_1"},
    ),
}
