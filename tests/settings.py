"""Settings of the service under test: safe enough to serve, cheap enough to start often."""

import base64
import tempfile
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from consulta.settings import (
    AuthSettings,
    DatabaseSettings,
    HttpSettings,
    ObservabilitySettings,
    PaymentSettings,
    ScheduleSettings,
    SecuritySettings,
    Settings,
    StorageSettings,
)
from tests.conftest import TestDatabase

CRON_SECRET = "cron-secret-of-the-tests-0123456789abcdef"
JWT_SECRET = "jwt-secret-of-the-tests-0123456789-abcdef"
KEYS = "k1:" + base64.b64encode(bytes(range(32))).decode()


def files_of(database: TestDatabase) -> Path:
    """Where the service on that database keeps its files; whoever runs it sweeps up."""
    return Path(tempfile.gettempdir()) / f"files-of-{database.name}"


def settings_for(database: TestDatabase, **changes: Any) -> Settings:
    """Settings for the service on that database; `changes` replace whole groups."""
    groups: dict[str, Any] = {
        "environment": "test",
        "database": DatabaseSettings(
            api=SecretStr(database.dsn("consulta_api")),
            admin=SecretStr(database.dsn("consulta_admin")),
            worker=SecretStr(database.dsn("consulta_worker")),
            pool_size=8,
        ),
        "auth": AuthSettings(
            jwt_secret=SecretStr(JWT_SECRET),
            password_memory_kib=8,
            password_passes=1,
            logins_per_minute_of_address=100_000,
            logins_per_minute_of_account=100_000,
            registrations_per_minute=100_000,
            refreshes_per_minute=100_000,
            letters_per_minute=100_000,
        ),
        "payments": PaymentSettings(provider="sandbox"),
        "http": HttpSettings(drain_seconds=5),
        "schedule": ScheduleSettings(enabled=False, cron_secret=SecretStr(CRON_SECRET)),
        "storage": StorageSettings(folder=str(files_of(database))),
        "observability": ObservabilitySettings(),
        "security": SecuritySettings(encryption_keys=SecretStr(KEYS)),
    }
    return Settings(**{**groups, **changes})
