"""`consulta doctor`: sound where all is well, and a sentence without a secret where it is not."""

import base64
import socket
from urllib.parse import urlsplit

import pytest

from consulta.platform.db.doctor import Report, Verdict, examine
from consulta.settings import Settings
from tests.conftest import PASSWORD, TestDatabase

SECRET = "a-secret-of-the-doctor-test-0123456789"
KEY = base64.b64encode(b"k" * 32).decode()


def settings_of(database: TestDatabase, **others: str) -> Settings:
    """Settings that are whole; `others` replaces some by their names in the environment."""
    values = {
        "CONSULTA_ENV": "test",
        "DATABASE_URL": database.dsn("consulta_api"),
        "ADMIN_DATABASE_URL": database.dsn("consulta_admin"),
        "WORKER_DATABASE_URL": database.dsn("consulta_worker"),
        "AUTH_JWT_SECRET": SECRET,
        "CRON_SECRET": SECRET,
        "ENCRYPTION_KEYS": f"k1:{KEY}",
        **others,
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in values.items():
            environment.setenv(name, value)
        return Settings.load()


def failures(report: Report) -> list[str]:
    return [check.sentence for check in report.checks if check.verdict is Verdict.FAIL]


async def test_a_sound_service_is_told_so(module_database: TestDatabase) -> None:
    report = await examine(settings_of(module_database))
    assert failures(report) == []
    assert report.exit_code == 0
    told = "\n".join(report.lines())
    for words in (
        "the settings are complete and safe",
        "1 encryption keys can be read",
        "ADMIN_DATABASE_URL: connected as consulta_admin",
        "consulta_worker has no power of its own",
        "consulta_api has its time-outs",
        "btree_gist is installed",
        "the clocks of this host and the database differ by",
        "as this code is",
        "the schema breaks no law",
        "0 fail",
    ):
        assert words in told


async def test_no_secret_is_ever_told(module_database: TestDatabase) -> None:
    for changes in (
        {},
        {"DATABASE_URL": module_database.superuser_dsn},
        {"DATABASE_URL": module_database.superuser.with_login("nobody", PASSWORD).text},
        {"WORKER_DATABASE_URL": f"postgresql://a:{PASSWORD}@127.0.0.1:1/x"},
    ):
        report = await examine(settings_of(module_database, **changes))
        told = "\n".join(report.lines())
        for secret in (PASSWORD, SECRET, KEY, urlsplit(module_database.superuser_dsn).password):
            assert not secret or secret not in told


async def test_a_superuser_s_address_fails(module_database: TestDatabase) -> None:
    report = await examine(settings_of(module_database, DATABASE_URL=module_database.superuser_dsn))
    assert any("is a superuser" in sentence for sentence in failures(report))
    assert report.exit_code == 1


async def test_a_server_that_is_away_is_a_failure_not_a_crash(
    module_database: TestDatabase,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"postgresql://consulta_worker:x@127.0.0.1:{taken.getsockname()[1]}/x"
        report = await examine(settings_of(module_database, WORKER_DATABASE_URL=address))
    (sentence,) = failures(report)
    assert sentence.startswith("WORKER_DATABASE_URL: the server cannot be reached")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nowhere", "there is no such database"),
        ("postgres", ""),
    ],
)
async def test_another_database_is_not_taken_for_ours(
    module_database: TestDatabase, address: str, words: str
) -> None:
    elsewhere = module_database.superuser.with_database(address)
    dsn = elsewhere.with_login("consulta_worker", PASSWORD).text
    report = await examine(settings_of(module_database, WORKER_DATABASE_URL=dsn))
    assert any(words in sentence for sentence in failures(report))


async def test_loose_time_outs_fail(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        await superuser.execute(
            f"ALTER ROLE consulta_admin IN DATABASE {database.name} SET lock_timeout = '1h';"
            f" ALTER ROLE consulta_api IN DATABASE {database.name} SET statement_timeout = 0"
        )
    assert sorted(failures(await examine(settings_of(database)))) == [
        "consulta_admin: lock_timeout is 3600000 ms and should be at most 2000 ms",
        "consulta_api: statement_timeout is 0 ms and should be at most 5000 ms",
    ]


async def test_a_broken_law_and_a_stale_schema_fail(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        await superuser.execute("ALTER TABLE app.bookings DISABLE ROW LEVEL SECURITY")
        report = await examine(settings_of(database))
        assert any("RLS_OFF" in sentence for sentence in failures(report))
        await superuser.execute("UPDATE app.schema_state SET revision = '0001_people'")
        report = await examine(settings_of(database))
        assert any("behind" in sentence for sentence in failures(report))
        await superuser.execute("UPDATE app.schema_state SET revision = '9999_next'")
        report = await examine(settings_of(database))
    ahead = [check for check in report.checks if check.verdict is Verdict.WARN]
    assert [check.sentence for check in ahead] == [
        "the database is at 9999_next, ahead of this code: deploy it soon"
    ]


async def test_a_missing_extension_fails(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        await superuser.execute("DROP EXTENSION btree_gist CASCADE")
    report = await examine(settings_of(database))
    assert any("btree_gist is missing" in sentence for sentence in failures(report))


async def test_unreadable_keys_and_weak_secrets_fail(module_database: TestDatabase) -> None:
    report = await examine(
        settings_of(module_database, ENCRYPTION_KEYS="k1:short", CRON_SECRET="short")
    )
    assert any(s.startswith("ENCRYPTION_KEYS: an encryption key is") for s in failures(report))
    assert any(s.startswith("CRON_SECRET must have") for s in failures(report))
