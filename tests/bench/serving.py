"""Starts and ends the service, and mints the tokens that it accepts."""

import asyncio
import base64
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from uuid import UUID

import httpx
from pydantic import SecretStr

from consulta.platform.auth.tokens import AccessTokens
from consulta.platform.db.embedded import free_port
from consulta.platform.db.roles import DbRole
from consulta.settings import AuthSettings
from tests.bench.ground import Ground
from tests.bench.measured import WORKERS, Failed

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
STOP_SECONDS = 20
_MINUTES = 1440
_JWT_SECRET = "jwt-secret-of-the-benchmark-0123456789"
_CRON_SECRET = "cron-secret-of-the-benchmark-0123456789"
_KEYS = "k1:" + base64.b64encode(bytes(range(32))).decode()


@dataclass(frozen=True, slots=True)
class Serving:
    address: str
    process: int


def id_of(name: str) -> UUID:
    """The id that the town gave `client:7` and its like."""
    return UUID(md5(name.encode(), usedforsecurity=False).hexdigest())


def minted(people: int) -> list[str]:
    """An access token for each of the first so many clients, good for the whole run."""
    tokens = AccessTokens(AuthSettings(jwt_secret=SecretStr(_JWT_SECRET), access_minutes=_MINUTES))
    return [
        tokens.issue(user_id=id_of(f"client:{n}"), family_id=id_of(f"family:{n}"))
        for n in range(1, people + 1)
    ]


@asynccontextmanager
async def running_service(ground: Ground, kind: str, *, logs: Path) -> AsyncIterator[Serving]:
    """The service of that kind answers until the end of the block; its output is in `logs`."""
    port = free_port()
    log = logs / f"{kind}.log"
    process = _started(kind, _environment(ground, port), log)
    try:
        address = f"http://127.0.0.1:{port}"
        await _ready(process, address, log)
        yield Serving(address, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _started(kind: str, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.bench.service", kind],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def _environment(ground: Ground, port: int) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **passed_on,
        "CONSULTA_ENV": "development",
        "DATABASE_URL": ground.dsn(DbRole.API),
        "ADMIN_DATABASE_URL": ground.dsn(DbRole.ADMIN),
        "WORKER_DATABASE_URL": ground.dsn(DbRole.WORKER),
        "AUTH_JWT_SECRET": _JWT_SECRET,
        "AUTH_ACCESS_MINUTES": str(_MINUTES),
        "CRON_SECRET": _CRON_SECRET,
        "ENCRYPTION_KEYS": _KEYS,
        "PAYMENT_PROVIDER": "sandbox",
        "SCHEDULER_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_WORKERS": str(WORKERS),
    }


async def _ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient(timeout=2) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if (await client.get(f"{address}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise Failed(f"the service did not start:\n{_end_of(log)}")
