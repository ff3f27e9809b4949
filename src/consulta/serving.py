"""Serving: uvicorn around `create_app`, and the refusal to serve what is not safe."""

import asyncio
import base64
import gc
import json
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from consulta.main import create_app, engines_of
from consulta.platform import logging
from consulta.platform.crypto import BadKeys, Vault
from consulta.platform.db.linter import boot_problems
from consulta.platform.db.migrations import code_state
from consulta.settings import (
    AuthSettings,
    DatabaseSettings,
    HttpSettings,
    ObservabilitySettings,
    PaymentSettings,
    ScheduleSettings,
    SecuritySettings,
    Settings,
    UnsafeSettings,
)

REFUSED = 3
"""The exit code of a service that must not serve; the reasons are on the standard error."""

GC_THRESHOLDS = (50_000, 20, 50)


class NotServed(Exception):
    """The service refuses to serve; `reasons` are whole sentences without secrets."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def application() -> FastAPI:
    """The service with the settings of the environment: what each of uvicorn's processes calls."""
    settings = Settings.load()
    logging.configure(settings.observability)
    app = create_app(settings)
    settle_memory()
    return app


def settle_memory() -> None:
    """What the service consists of is not looked at by the collector any more, which now comes
    seldom: its pauses were the slowest requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def serve(settings: Settings) -> None:
    """Serves until a signal ends it: no new requests then, those under way and running jobs have
    `DRAIN_SECONDS` each. Raises `NotServed` before anything listens.
    """
    logging.configure(settings.observability)
    ensure_servable(settings)
    exit_cleanly_on_signals()
    http = settings.http
    uvicorn.run(
        "consulta.serving:application",
        factory=True,
        workers=http.workers,
        **server_options(settings),
    )


def server_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn runs here; the access log is our own (`platform/http/middleware.py`)."""
    http = settings.http
    return {
        "host": http.host,
        "port": http.port,
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        # Only a proxy that is named may say where a request really came from.
        "proxy_headers": bool(http.trusted_proxies),
        "forwarded_allow_ips": http.trusted_proxies,
        "timeout_graceful_shutdown": http.drain_seconds,
    }


def exit_cleanly_on_signals() -> None:
    """Whoever is ended by SIGINT or SIGTERM unwinds what it has open, and exits with 0.

    uvicorn puts its own handlers in front and repeats the signal when it is done.
    """

    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, leave)


def ensure_servable(settings: Settings) -> None:
    """Raises `NotServed` with every reason that can be found: unsafe settings first, and with safe
    ones what is wrong about the logins, the policies and the version of the database.
    """
    reasons = settings.problems() or _bad_keys(settings) or asyncio.run(_database(settings))
    if reasons:
        raise NotServed(reasons)


def loaded(load: Callable[[], Settings] = Settings.load) -> Settings:
    """The settings of the environment. Raises `NotServed` where they cannot even be read."""
    try:
        return load()
    except UnsafeSettings as error:
        raise NotServed(error.reasons) from None


def contract() -> str:
    """The API document as it is kept in the repository: the same bytes wherever it is made, with
    no database, and with the sandbox's routes, which a frontend developer needs.
    """
    # Built without a look at the environment, which must not change the document.
    settings = Settings.model_construct(
        environment="development",
        database=DatabaseSettings.model_construct(api=_NOWHERE, admin=_NOWHERE, worker=_NOWHERE),
        auth=AuthSettings.model_construct(jwt_secret=_NO_SECRET),
        payments=PaymentSettings.model_construct(provider="sandbox"),
        http=HttpSettings.model_construct(),
        schedule=ScheduleSettings.model_construct(cron_secret=_NO_SECRET),
        observability=ObservabilitySettings.model_construct(),
        security=SecuritySettings.model_construct(encryption_keys=_NO_KEY),
    )
    return json.dumps(create_app(settings).openapi(), indent=2, ensure_ascii=False) + "\n"


_NOWHERE = SecretStr("postgresql://nobody@localhost/nothing")
_NO_SECRET = SecretStr("this-guards-nothing-but-the-api-document")
_NO_KEY = SecretStr("none:" + base64.b64encode(bytes(32)).decode())


def _bad_keys(settings: Settings) -> list[str]:
    try:
        Vault.from_text(settings.security.encryption_keys.get_secret_value())
    except BadKeys as error:
        return [f"ENCRYPTION_KEYS: {error}"]
    return []


async def _database(settings: Settings) -> list[str]:
    engines = engines_of(settings)
    try:
        return await boot_problems(engines, code_state())
    except Exception as error:  # noqa: BLE001 - a driver's text may name secrets
        return [f"the database cannot be asked ({type(error).__name__})"]
    finally:
        await engines.dispose()
