"""The real service in a process of its own, which may be killed and is started again on request."""

import asyncio
import os
import select
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final

import httpx

import consulta
from consulta.platform.db.dsn import Dsn
from tests.conftest import TestDatabase
from tests.settings import CRON_SECRET, JWT_SECRET, KEYS
from tests.world.stripe import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET

ROOT: Final = Path(__file__).resolve().parents[2]
PRODUCT: Final = "consulta.serving:application"
_NURSERY_SECONDS: Final = 60.0
_READY_SECONDS: Final = 20.0
_END_SECONDS: Final = 20.0


class RunningService:
    """One process at a time, on one port. `revive` is the only way to a living one."""

    def __init__(self, nursery: Process, *, port: int, log: IO[bytes]) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.starts = 0
        self._nursery = nursery
        self._log = log
        self._pid = 0
        self._handle = -1
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int:
        """The process that was last seen alive."""
        return self._pid

    @property
    def is_alive(self) -> bool:
        return self._handle >= 0 and not select.select([self._handle], [], [], 0)[0]

    async def revive(self) -> None:
        """A service is alive and answers. Raises `RuntimeError`, with its last words, otherwise."""
        async with self._lock:
            if self.is_alive:
                return
            self.forget()
            assert self._nursery.stdin is not None
            assert self._nursery.stdout is not None
            self._nursery.stdin.write(b"revive\n")
            try:
                async with asyncio.timeout(_NURSERY_SECONDS):
                    self._pid = int(await self._nursery.stdout.readline())
                self._handle = os.pidfd_open(self._pid)
                async with asyncio.timeout(_READY_SECONDS):
                    await self._ready()
            except (TimeoutError, ValueError) as error:
                raise RuntimeError(f"the service does not start:\n{self.last_words()}") from error
            self.starts += 1

    def forget(self) -> None:
        """The handle of the process is closed; the process is not touched."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def last_words(self) -> str:
        """The end of what the processes have logged."""
        self._log.seek(0)
        return self._log.read()[-4_000:].decode(errors="replace")

    async def _ready(self) -> None:
        # Plain HTTP needs no certificates, whose reading takes as long as the service's start.
        async with httpx.AsyncClient(base_url=self.base_url, trust_env=False, verify=False) as http:
            while True:
                try:
                    if (await http.get("/livez")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.01)


@asynccontextmanager
async def running_service(
    database: TestDatabase,
    *,
    proxy_port: int,
    stripe_base: str,
    factory: str = PRODUCT,
    with_clock: bool = False,
    more: Mapping[str, str] | None = None,
) -> AsyncIterator[RunningService]:
    """The service on that database, reached through the proxy, with Stripe at `stripe_base`.

    Its own clock ticks only `with_clock`; `more` are variables that it has besides, or instead.
    Nothing of it is left afterwards.
    """
    port = _free_port()
    environment = {
        **_addresses(database, proxy_port=proxy_port),
        **_settings(stripe_base=stripe_base, port=port, with_clock=with_clock),
        **(more or {}),
    }
    with tempfile.TemporaryFile() as log:
        nursery = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.crash.nursery", factory,
            cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE, stderr=log,
        )  # fmt: skip
        service = RunningService(nursery, port=port, log=log)
        try:
            await service.revive()
            yield service
        finally:
            service.forget()
            assert nursery.stdin is not None
            nursery.stdin.close()
            try:
                await asyncio.wait_for(nursery.wait(), _END_SECONDS)
            except TimeoutError:
                nursery.kill()
                await nursery.wait()


def _addresses(database: TestDatabase, *, proxy_port: int) -> dict[str, str]:
    """The three logins, each by way of the proxy."""

    def by_proxy(login: str) -> str:
        direct = Dsn(database.dsn(login))
        return (
            f"postgresql://{direct.user}:{direct.password}@127.0.0.1:{proxy_port}/{database.name}"
        )

    return {
        "DATABASE_URL": by_proxy("consulta_api"),
        "ADMIN_DATABASE_URL": by_proxy("consulta_admin"),
        "WORKER_DATABASE_URL": by_proxy("consulta_worker"),
    }


def _settings(*, stripe_base: str, port: int, with_clock: bool) -> Mapping[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(consulta.__file__).parents[1]))),
        "CONSULTA_ENV": "test",
        "PORT": str(port),
        "DRAIN_SECONDS": "5",
        "DB_POOL_SIZE": "3",
        "LOG_LEVEL": "WARNING",
        "AUTH_JWT_SECRET": JWT_SECRET,
        "ENCRYPTION_KEYS": KEYS,
        "CRON_SECRET": CRON_SECRET,
        "SCHEDULER_ENABLED": "true" if with_clock else "false",
        "PAYMENT_PROVIDER": "stripe",
        "PAYMENT_TIMEOUT_SECONDS": "5",
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_BASE": stripe_base,
        "RECURRING_LEAD_DAYS": "15",
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
