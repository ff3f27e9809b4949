"""The commands of the README, in their order, on a server of their own: from nothing to a service
with people in it.
"""

import base64
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import running_server
from consulta.seed.people import SPECIALISTS
from tests.roof.processes import command, finished

SECRET = "a-secret-of-the-tests-0123456789-abcdef"
LOGINS = {
    "DATABASE_URL": "consulta_api",
    "ADMIN_DATABASE_URL": "consulta_admin",
    "WORKER_DATABASE_URL": "consulta_worker",
    "MIGRATOR_DATABASE_URL": "consulta_migrator",
}


@pytest.fixture
def server() -> Iterator[Dsn]:
    """Not the tests' own: new passwords for its logins would lock the other tests out."""
    with running_server(durable=False, settings={"max_connections": "40"}) as started:
        yield Dsn(started.dsn())


def service(**addresses: str) -> dict[str, str]:
    return {
        "CONSULTA_ENV": "development",
        "AUTH_JWT_SECRET": SECRET,
        "CRON_SECRET": SECRET,
        "ENCRYPTION_KEYS": "k1:" + base64.b64encode(bytes(32)).decode(),
        **addresses,
    }


@pytest.mark.slow
async def test_from_nothing_to_a_populated_service(server: Dsn, tmp_path: Path) -> None:
    made = finished("db", "bootstrap", cwd=tmp_path, BOOTSTRAP_DATABASE_URL=server.text)
    assert made.returncode == 0, made.stderr
    addresses = dict(re.findall(r"^([A-Z_]+_URL)=(.+)$", made.stdout, re.MULTILINE))
    assert {name: Dsn(text).user for name, text in addresses.items()} == LOGINS
    assert server.password not in made.stdout + made.stderr

    migrator = addresses.pop("MIGRATOR_DATABASE_URL")
    behind = finished("seed", cwd=tmp_path, **service(**addresses))
    assert behind.returncode == 3, "an empty database is no place for a service"
    migrated = finished("migrate", cwd=tmp_path, MIGRATOR_DATABASE_URL=migrator)
    assert migrated.returncode == 0, migrated.stderr

    doctor = finished("doctor", cwd=tmp_path, **service(**addresses))
    assert doctor.returncode == 0, doctor.stdout
    seeded = finished("seed", cwd=tmp_path, **service(**addresses))
    assert seeded.returncode == 0, seeded.stderr
    again = finished("seed", cwd=tmp_path, **service(**addresses))
    assert (again.returncode, again.stdout) == (0, "The sample world is in place\n")
    rung = finished("job", "run", "cleanup-bookings", cwd=tmp_path, **service(**addresses))
    assert rung.returncode == 0, rung.stderr
    assert rung.stdout.startswith("bookings.expire: done")

    compared = finished(
        "reconcile", "--since", "2026-01-01T00:00Z", cwd=tmp_path, **service(**addresses)
    )
    assert compared.returncode == 0, compared.stderr
    assert compared.stdout.startswith("reconciliation.compare: done\n  charges: ")

    outputs = (migrated, doctor, seeded, rung, compared)
    everything = "".join(one.stdout + one.stderr for one in outputs)
    passwords = [Dsn(text).password for text in (*addresses.values(), migrator)]
    assert not [secret for secret in (SECRET, *passwords) if secret in everything]
    connection = await asyncpg.connect(server.with_database("consulta").text)
    listed = await connection.fetch("SELECT full_name, is_verified FROM app.specialists")
    await connection.close()
    assert {(row["full_name"], row["is_verified"]) for row in listed} == {
        (sample.name, True) for sample in SPECIALISTS
    }


@pytest.mark.slow
async def test_bootstrap_takes_the_passwords_that_are_given(server: Dsn, tmp_path: Path) -> None:
    chosen = {
        name: server.with_database("clinic").with_login(login, f"chosen-{login}").text
        for name, login in LOGINS.items()
    }

    for _ in range(2):  # again is as good as once
        done = finished(
            "db", "bootstrap", cwd=tmp_path, BOOTSTRAP_DATABASE_URL=server.text, **chosen
        )
        assert done.returncode == 0, done.stderr
        assert "chosen-" not in done.stdout + done.stderr
    connection = await asyncpg.connect(chosen["DATABASE_URL"])
    assert await connection.fetchval("SELECT current_database()") == "clinic"
    await connection.close()


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["migrate"], {}, "MIGRATOR_DATABASE_URL is not set"),
        (["db", "bootstrap"], {}, "BOOTSTRAP_DATABASE_URL is not set"),
        (
            ["db", "bootstrap"],
            {"BOOTSTRAP_DATABASE_URL": "postgresql://a:hunter2@h/d",
             "DATABASE_URL": "postgresql://somebody:hunter2@h/d"},
            "DATABASE_URL must be the address of consulta_api",
        ),
        (["seed"], {"CONSULTA_ENV": "production"}, "the sample world is for development"),
        (["job", "run", "bookings.expire"], {}, "DATABASE_URL is not set"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_with_the_reason(
    arguments: list[str], given: dict[str, str], said: str, tmp_path: Path
) -> None:
    done = finished(*arguments, cwd=tmp_path, **given)

    assert done.returncode == 3
    assert said in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_is_away_is_told_in_a_sentence(tmp_path: Path) -> None:
    away = "postgresql://consulta_migrator:hunter2@127.0.0.1:1/consulta"

    for arguments, name in ((["migrate"], "MIGRATOR"), (["db", "bootstrap"], "BOOTSTRAP")):
        done = finished(*arguments, cwd=tmp_path, **{f"{name}_DATABASE_URL": away})
        assert done.returncode == 1
        assert "hunter2" not in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()


def test_whoever_has_read_enough_is_no_failure(tmp_path: Path) -> None:
    piped = f"{shlex.join(command('mail', 'list'))} | true"

    done = subprocess.run(["bash", "-c", piped], cwd=tmp_path, capture_output=True, check=False)

    assert done.stderr == b""


@pytest.mark.parametrize(
    "arguments",
    [["fly"], ["job"], ["demo", "--port", "many"], ["reconcile", "--since", "soon"], []],
)
def test_misuse_is_explained(arguments: list[str], tmp_path: Path) -> None:
    done = finished(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert "usage: consulta" in done.stderr
