"""`consulta serve`: it refuses what is unsafe, says every reason, and stops without a loss."""

import base64
import re
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.conftest import PASSWORD, TestDatabase
from tests.roof.processes import finished, running

REFUSED = 3
SECRET = "a-secret-of-the-tests-0123456789-abcdef"


def safe(database: TestDatabase, **more: str) -> dict[str, str]:
    """An environment in which the service may serve on that database."""
    return {
        "CONSULTA_ENV": "test",
        "DATABASE_URL": database.dsn("consulta_api"),
        "ADMIN_DATABASE_URL": database.dsn("consulta_admin"),
        "WORKER_DATABASE_URL": database.dsn("consulta_worker"),
        "AUTH_JWT_SECRET": SECRET,
        "CRON_SECRET": SECRET,
        "ENCRYPTION_KEYS": "k1:" + base64.b64encode(bytes(32)).decode(),
        "PAYMENT_PROVIDER": "sandbox",
        "DRAIN_SECONDS": "5",
        **more,
    }


def refusal(tmp_path: Path, **more: str) -> list[str]:
    """The reasons that it gave. It exited with 3 and repeated no secret."""
    done = finished("serve", cwd=tmp_path, **more)
    assert done.returncode == REFUSED, done.stdout + done.stderr
    assert not [secret for secret in (SECRET, PASSWORD, "hunter2") if secret in done.stderr]
    assert "Traceback" not in done.stderr
    return re.findall(r"^  - (.+)$", done.stderr, re.MULTILINE)


def test_every_unsafe_setting_is_named_at_once(tmp_path: Path) -> None:
    reasons = "\n".join(
        refusal(
            tmp_path, CONSULTA_ENV="production", AUTH_JWT_SECRET="hunter2", PUBLIC_URL="http://a"
        )
    )

    for name in ("DATABASE_URL", "ADMIN_DATABASE_URL", "WORKER_DATABASE_URL", "AUTH_JWT_SECRET",
                 "CRON_SECRET", "ENCRYPTION_KEYS", "PUBLIC_URL", "sandbox"):  # fmt: skip
        assert name in reasons


def test_unreadable_settings_are_refused_without_being_repeated(tmp_path: Path) -> None:
    reasons = refusal(tmp_path, DATABASE_URL="mysql://root:hunter2@host/db", PORT="many")

    assert any("DATABASE_URL" in reason for reason in reasons)
    assert any("PORT" in reason for reason in reasons)


async def test_a_privileged_login_is_refused(tmp_path: Path, database: TestDatabase) -> None:
    reasons = refusal(tmp_path, **safe(database, DATABASE_URL=database.superuser_dsn))

    assert any("superuser" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("sabotage", "said"),
    [
        ("DROP POLICY party_reads ON app.bookings", "bookings"),
        ("ALTER TABLE app.payments NO FORCE ROW LEVEL SECURITY", "payments"),
        ("UPDATE app.schema_state SET revision = '0001_people'", "consulta migrate"),
        ("UPDATE app.schema_state SET fingerprint = 'other'", "consulta migrate"),
    ],
)
async def test_a_database_that_is_not_as_it_should_be_is_refused(
    tmp_path: Path, database: TestDatabase, sabotage: str, said: str
) -> None:
    async with database.connected() as connection:
        await connection.execute(sabotage)

    assert any(said in reason for reason in refusal(tmp_path, **safe(database)))


async def test_a_database_that_is_away_is_a_reason(tmp_path: Path, database: TestDatabase) -> None:
    away = re.sub(r"@[^/]+/", "@127.0.0.1:1/", database.dsn("consulta_api"))

    reasons = refusal(tmp_path, **safe(database, DATABASE_URL=away))

    assert any("cannot be asked" in reason for reason in reasons)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_it_serves_and_stops_on_a_signal(
    tmp_path: Path, database: TestDatabase, workers: str
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with running(
        "serve", cwd=tmp_path, **safe(database, PORT=str(port), WEB_WORKERS=workers)
    ) as service:
        service.says("Application startup complete", times=int(workers), seconds=60)
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"http://127.0.0.1:{port}/livez")
        assert answer.status_code == 200
        assert "server" not in answer.headers
        assert service.stop(signal.SIGTERM) == 0
    assert PASSWORD not in service.output
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
