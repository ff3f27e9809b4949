"""What the tests of payment configs share: accounts of specialists, and their secrets."""

from typing import Any

from tests.world import Reply, Specialist
from tests.world.stripe import StripeWorld

MINE = "/specialists/me/payment-configs"


def stripe_keys(name: str, **more: Any) -> dict[str, Any]:
    """The keys of the Stripe account of that name, at which the fake knows it by them."""
    return {
        "secret_key": f"sk_test_{name}_of_hers",
        "publishable_key": f"pk_test_{name}_of_hers",
        "webhook_secret": f"whsec_{name}_of_hers",
        **more,
    }


def razorpay_keys(name: str = "sarah", **more: Any) -> dict[str, Any]:
    return {
        "key_id": f"rzp_test_{name}",
        "key_secret": f"{name}-razorpay-secret",
        "webhook_secret": f"{name}-razorpay-webhook",
        **more,
    }


def paytabs_keys(**more: Any) -> dict[str, Any]:
    key = "SKEY000000-OFHERS0000-KEY0000000"
    return {"profile_id": 66455, "server_key": key, "region": "ARE", "is_live": False, **more}


async def puts(somebody: Any, provider: str, keys: dict[str, Any]) -> Any:
    """The account, which must be accepted."""
    reply: Reply = await somebody.put(f"{MINE}/{provider}", keys)
    assert reply.status == 200, reply.json
    return reply.json


async def own_stripe(bank: StripeWorld, somebody: Specialist, name: str) -> Any:
    """She is paid through a Stripe account of her own, whose letters arrive at its address."""
    config = await puts(somebody, "stripe", stripe_keys(name))

    async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
        return (await bank.world.http.post(url, content=body, headers=headers)).status_code

    bank.fake.control.add_webhook(
        config["webhook_url"],
        secret=stripe_keys(name)["webhook_secret"],
        account=bank.fake.control.account_of(stripe_keys(name)["secret_key"]),
        transport=post,
    )
    return config
