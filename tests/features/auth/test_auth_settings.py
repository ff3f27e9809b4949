"""Settings of signing in that must not serve."""

from typing import Any

import pytest
from pydantic import SecretStr

from tests.conftest import TestDatabase
from tests.settings import settings_for

JWKS = "http://keys.example.com/jwks.json"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"password_memory_kib": 8}, "AUTH_PASSWORD_MEMORY_KIB"),
        ({"password_passes": 1}, "AUTH_PASSWORD_PASSES"),
        ({"external_issuer": "x", "external_jwks_url": JWKS}, "AUTH_EXTERNAL_JWKS_URL"),
        ({"external_issuer": "consulta"}, "AUTH_EXTERNAL_ISSUER"),
        ({"jwt_secret": SecretStr("short")}, "AUTH_JWT_SECRET"),
        ({"jwt_secret": SecretStr("a" * 64)}, "AUTH_JWT_SECRET"),
    ],
)
def test_what_is_unsafe_in_production_is_named(
    template: Any, changes: dict[str, Any], named: str
) -> None:
    settings = settings_for(TestDatabase(template))
    safe = {"password_memory_kib": 19_456, "password_passes": 2}
    auth = settings.auth.model_copy(update=safe)
    production = settings.model_copy(update={"environment": "production", "auth": auth})
    assert not any(named in problem for problem in production.problems())
    worse = production.model_copy(update={"auth": auth.model_copy(update=changes)})
    assert any(named in problem for problem in worse.problems())
