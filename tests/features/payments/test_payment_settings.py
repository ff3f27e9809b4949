"""Settings of payment providers: what must not serve, and which providers they bring."""

from typing import Any

import pytest
from pydantic import SecretStr

from consulta.providers.payments.adapters import Reach
from consulta.settings import PaymentSettings
from consulta.vendors import providers_of
from tests.conftest import TestDatabase
from tests.settings import settings_for
from tests.world.world import World

RAZORPAY: dict[str, Any] = {
    "razorpay_key_id": "rzp_live_abcdef",
    "razorpay_key_secret": SecretStr("secret"),
    "razorpay_webhook_secret": SecretStr("webhook"),
}
PAYTABS: dict[str, Any] = {
    "paytabs_profile_id": 66455,
    "paytabs_server_key": SecretStr("SKEY"),
    "paytabs_region": "ARE",
}


def problems(template: Any, environment: str = "production", **payments: Any) -> str:
    settings = settings_for(TestDatabase(template), environment=environment)
    changed = settings.payments.model_copy(update={"provider": "manual"} | payments)
    return "; ".join(settings.model_copy(update={"payments": changed}).problems())


@pytest.mark.parametrize(
    ("safe", "changes", "named"),
    [
        (RAZORPAY, {"razorpay_key_secret": SecretStr("")}, "RAZORPAY_KEY_SECRET"),
        (RAZORPAY, {"razorpay_webhook_secret": SecretStr("")}, "RAZORPAY_WEBHOOK_SECRET"),
        (RAZORPAY, {"razorpay_key_id": "rzp_test_abcdef"}, "RAZORPAY_KEY_ID is a test key"),
        (RAZORPAY, {"razorpay_api_base": "http://127.0.0.1:9"}, "RAZORPAY_API_BASE"),
        (PAYTABS, {"paytabs_server_key": SecretStr("")}, "PAYTABS_SERVER_KEY"),
        (PAYTABS, {"paytabs_region": ""}, "PAYTABS_REGION"),
        (PAYTABS, {"paytabs_api_base": "http://127.0.0.1:9"}, "PAYTABS_API_BASE"),
    ],
)
def test_what_is_unsafe_in_production_is_named(
    template: Any, safe: dict[str, Any], changes: dict[str, Any], named: str
) -> None:
    assert "RAZORPAY" not in problems(template, **safe)
    assert "PAYTABS" not in problems(template, **safe)
    assert named in problems(template, **(safe | changes))


@pytest.mark.parametrize(
    ("provider", "named"), [("razorpay", "RAZORPAY_KEY_ID"), ("paytabs", "PAYTABS_PROFILE_ID")]
)
def test_the_default_provider_has_its_keys(template: Any, provider: str, named: str) -> None:
    assert f"{named} is not set" in problems(template, provider=provider)
    assert named not in problems(template)


def test_real_money_is_for_production_only(template: Any) -> None:
    assert "live key" in problems(template, "development", **RAZORPAY)
    assert "live key" not in problems(
        template, "development", **RAZORPAY | {"razorpay_key_id": "rzp_test_abcdef"}
    )


async def test_each_provider_is_there_with_its_keys_only(world: World) -> None:
    async def names(**payments: Any) -> frozenset[str]:
        chosen = PaymentSettings(provider="manual", **payments)
        database = world.app.state.database
        reach = Reach(public_url="https://consulta.test/", timeout_seconds=5)
        providers = providers_of(chosen, database, reach=reach)
        await providers.close()
        return providers.names

    assert await names() == {"manual"}
    assert await names(**RAZORPAY) == {"manual", "razorpay"}
    assert await names(**PAYTABS) == {"manual", "paytabs"}
    assert await names(**RAZORPAY, **PAYTABS) == {"manual", "razorpay", "paytabs"}
