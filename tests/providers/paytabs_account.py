"""An adapter for one profile at PayTabs."""

from typing import Any

from consulta.providers.payments.paytabs import PayTabsProvider

PROFILE, KEY = 66455, "SFAKEKEY00-FAKEKEY000-FAKEKEY000"
PAYMENT = "0193f1d0-7a2b-7c3d-8e4f-5a6b7c8d9e0f"


def paytabs_at(url: str, **changes: Any) -> PayTabsProvider:
    settings: dict[str, Any] = {
        "profile_id": PROFILE,
        "server_key": KEY,
        "api_base": url,
        "timeout_seconds": 2.0,
    }
    return PayTabsProvider(**(settings | changes))
