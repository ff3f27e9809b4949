"""What a login may become is its power: injected SQL gets no further than the caller would."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from consulta.kernel.actor import Actor, Role
from consulta.platform.db.work import _begin
from tests.conftest import TestDatabase
from tests.rls.people import uid

LOGINS = ("consulta_api", "consulta_admin", "consulta_worker")
STAMPS = {
    "nobody at all": ("consulta_api", "BEGIN"),
    "anonymous": ("consulta_api", _begin(Actor.anonymous(), read_only=False)),
    "a client": ("consulta_api", _begin(Actor(Role.CLIENT, uid("anna")), read_only=False)),
    "an admin": ("consulta_admin", _begin(Actor(Role.ADMIN, uid("ada")), read_only=False)),
    "the worker": ("consulta_worker", _begin(Actor.system("test"), read_only=False)),
}
OTHERS = (
    "consulta_owner",
    "consulta_definer",
    "consulta_migrator",
    "consulta_backup",
    "consulta_api",
    "consulta_admin",
    "consulta_worker",
    "consulta_anonymous",
    "consulta_user",
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_monitor",
    "pg_execute_server_program",
)
MAY_BECOME = {
    "consulta_api": {"consulta_api", "consulta_anonymous", "consulta_user"},
    "consulta_admin": {"consulta_admin"},
    "consulta_worker": {"consulta_worker"},
}


@pytest.fixture(scope="module")
async def lines(standing: TestDatabase) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    async with (
        standing.connected("consulta_api") as api,
        standing.connected("consulta_admin") as admin,
        standing.connected("consulta_worker") as worker,
    ):
        yield {"consulta_api": api, "consulta_admin": admin, "consulta_worker": worker}


async def outcome(connection: asyncpg.Connection, begin: str, *statements: str) -> str:
    """The SQLSTATE of the first statement that fails, or `done`; nothing stays."""
    await connection.execute(begin)
    try:
        for statement in statements:
            await connection.execute(statement)
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    else:
        return "done"
    finally:
        await connection.execute("ROLLBACK")


@pytest.mark.parametrize("who", STAMPS)
async def test_a_login_becomes_only_what_it_may(
    lines: dict[str, asyncpg.Connection], who: str
) -> None:
    login, begin = STAMPS[who]
    for words in ("SET ROLE {}", "SET LOCAL ROLE {}", "SELECT set_config('role', '{}', true)"):
        became = {
            role
            for role in OTHERS
            if await outcome(lines[login], begin, words.format(role)) == "done"
        }
        assert became == MAY_BECOME[login], words
    assert await outcome(lines[login], begin, "SET ROLE postgres") in ("42501", "22023")
    for role in ("consulta_owner", "postgres"):
        words = f"SET SESSION AUTHORIZATION {role}"
        assert await outcome(lines[login], begin, words) in ("42501", "22023")


async def test_without_its_working_role_the_web_login_can_read_nothing(
    lines: dict[str, asyncpg.Connection],
) -> None:
    api = lines["consulta_api"]
    tables = await api.fetch(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'app'::regnamespace"
        " AND relkind IN ('r', 'v')"
    )
    for reset in ("RESET ROLE", "SET ROLE NONE", "SET SESSION AUTHORIZATION DEFAULT"):
        for (table,) in tables:
            begin = STAMPS["a client"][1]
            found = await outcome(api, begin, reset, f"SELECT count(*) FROM app.{table}")
            open_to_it = table in ("alembic_version", "schema_state")
            assert found == ("done" if open_to_it else "42501"), (reset, table)


FORBIDDEN = (
    "SET LOCAL session_replication_role = replica",
    "COPY app.outbox FROM STDIN",
    "COPY app.bookings TO '/tmp/bookings'",
    "COPY app.bookings TO PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/tmp/one'",
    "TRUNCATE app.bookings",
    "TRUNCATE app.availability_rules",
    "TRUNCATE app.audit_logs",
    "CREATE TABLE app.mine (id int)",
    "CREATE TABLE public.mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION app.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION pg_stat_statements",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "CREATE VIEW app.peep AS SELECT * FROM app.bookings",
    "CREATE TRIGGER mine BEFORE INSERT ON app.bookings FOR EACH ROW EXECUTE FUNCTION app.touch()",
    "CREATE POLICY mine ON app.bookings USING (true)",
    "ALTER TABLE app.bookings DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE app.bookings DISABLE TRIGGER ALL",
    "ALTER POLICY party_reads ON app.bookings USING (true)",
    "DROP POLICY party_reads ON app.bookings",
    "DROP TABLE app.bookings",
    "GRANT SELECT ON app.credentials TO consulta_user",
    "GRANT consulta_owner TO consulta_api",
    "ALTER ROLE consulta_owner LOGIN",
    "ALTER FUNCTION app.now() SECURITY DEFINER",
    "CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT * FROM pg_shadow",
    "SELECT password_hash FROM app.credentials",
    "ALTER SYSTEM SET log_statement = 'none'",
    "SELECT pg_reload_conf()",
    "VACUUM FULL app.bookings",
)


FORBIDDEN_TO_PEOPLE = (
    "LOCK TABLE app.bookings IN ACCESS EXCLUSIVE MODE",
    "LOCK TABLE app.specialists IN SHARE MODE",
    "SELECT token_hash FROM app.user_sessions",
)


@pytest.mark.parametrize("statement", [*FORBIDDEN, *FORBIDDEN_TO_PEOPLE])
async def test_no_stamp_of_the_web_login_allows(
    lines: dict[str, asyncpg.Connection], statement: str
) -> None:
    for who in ("nobody at all", "anonymous", "a client"):
        login, begin = STAMPS[who]
        found = await outcome(lines[login], begin, statement)
        # 25001: not within a transaction at all; 0A000: not with row-level security at all.
        assert found in ("42501", "25001", "0A000", "42809"), (who, found)


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_admin_and_worker_are_not_above_the_law(
    lines: dict[str, asyncpg.Connection], statement: str
) -> None:
    for who in ("an admin", "the worker"):
        login, begin = STAMPS[who]
        found = await outcome(lines[login], begin, statement)
        assert found in ("42501", "25001", "0A000", "42809"), (who, found)


async def test_the_policies_cannot_be_switched_off(
    lines: dict[str, asyncpg.Connection],
) -> None:
    """The setting may be set by anybody; what it does is to refuse instead of to filter."""
    for who in ("a client", "an admin", "the worker"):
        login, begin = STAMPS[who]
        setting = "SET LOCAL row_security = off"
        assert await outcome(lines[login], begin, setting) == "done"
        reading = "SELECT count(*) FROM app.bookings"
        assert await outcome(lines[login], begin, setting, reading) == "42501"


async def test_only_the_worker_makes_temporary_tables(
    lines: dict[str, asyncpg.Connection],
) -> None:
    made = {
        who: await outcome(lines[login], begin, "CREATE TEMPORARY TABLE t (id int)")
        for who, (login, begin) in STAMPS.items()
    }
    assert {who for who, found in made.items() if found == "done"} == {"the worker"}
    assert set(made.values()) == {"done", "42501"}


async def test_what_copy_gives_is_what_the_policies_give(
    lines: dict[str, asyncpg.Connection],
) -> None:
    api = lines["consulta_api"]
    copied = bytearray()

    async def keep(chunk: bytes) -> None:
        copied.extend(chunk)

    await api.execute(STAMPS["a client"][1])
    await api.copy_from_query("SELECT id FROM app.bookings ORDER BY id", output=keep)
    await api.execute("ROLLBACK")
    assert copied.decode().split() == sorted(str(uid(label)) for label in ("b1", "b3"))


async def test_others_statements_cannot_be_read(
    lines: dict[str, asyncpg.Connection], standing: TestDatabase
) -> None:
    async with standing.connected("consulta_worker") as other:
        await other.execute("SELECT 'a secret of the worker'")
        await lines["consulta_api"].execute(STAMPS["a client"][1])
        seen = await lines["consulta_api"].fetch(
            "SELECT query FROM pg_stat_activity WHERE usename = 'consulta_worker'"
        )
        await lines["consulta_api"].execute("ROLLBACK")
    assert seen
    assert not any("secret" in row["query"] for row in seen)


async def test_a_leaky_condition_is_asked_after_the_policy(
    lines: dict[str, asyncpg.Connection],
) -> None:
    """An error that only a hidden row would raise never comes."""
    api = lines["consulta_api"]
    await api.execute(STAMPS["a client"][1])
    seen = await api.fetchval(
        "SELECT count(*) FROM app.bookings WHERE 1 / (client_id = $1)::int = 1", uid("anna")
    )
    await api.execute("ROLLBACK")
    assert seen == 2


async def test_garbage_in_the_stamp_is_nobody_and_no_error(
    lines: dict[str, asyncpg.Connection],
) -> None:
    api = lines["consulta_api"]
    for garbage in ("", " ", "null", "0", "' OR true --", "x" * 5000, str(uid("anna")) + " "):
        await api.execute("BEGIN")
        await api.execute("SELECT set_config('role', 'consulta_user', true)")
        await api.execute("SELECT set_config('app.user_id', $1, true)", garbage)
        assert await api.fetchval("SELECT count(*) FROM app.bookings") == 0
        await api.execute("ROLLBACK")


async def test_a_connection_remembers_nobody(lines: dict[str, asyncpg.Connection]) -> None:
    api = lines["consulta_api"]
    for end in ("COMMIT", "ROLLBACK"):
        await api.execute(STAMPS["a client"][1])
        assert await api.fetchval("SELECT count(*) FROM app.bookings") == 2
        await api.execute(end)
        assert await api.fetchval("SELECT current_user::text") == "consulta_api"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await api.fetchval("SELECT count(*) FROM app.bookings")
        assert not await api.fetchval("SELECT current_setting('app.user_id', true)")


async def test_the_backup_reads_everything_and_writes_nothing(standing: TestDatabase) -> None:
    async with standing.connected() as connection:
        tables = await connection.fetch(
            "SELECT relname::text FROM pg_class"
            " WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'"
        )
        everything = {
            table: await connection.fetchval(f"SELECT count(*) FROM app.{table}")
            for (table,) in tables
        }
        await connection.execute("SET SESSION AUTHORIZATION consulta_backup")
        await connection.execute("SET row_security = off")
        for table, rows in everything.items():
            assert await connection.fetchval(f"SELECT count(*) FROM app.{table}") == rows
            for verb in ("DELETE FROM", "INSERT INTO", "TRUNCATE"):
                tail = " DEFAULT VALUES" if verb == "INSERT INTO" else ""
                assert await outcome(connection, "BEGIN", f"{verb} app.{table}{tail}") == "42501"
