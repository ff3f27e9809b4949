"""The walls of the house: the linter finds nothing in a migrated database, and each of its laws has
been seen to bite."""

import asyncio

import asyncpg
import pytest

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.engine import build_engine
from consulta.platform.db.lint_power import MAY_DELETE
from consulta.platform.db.lint_rules import GRANTS_WITHOUT_ROWS, UNINDEXED_KEYS, UNSCOPED_KEYS
from consulta.platform.db.linter import (
    RULES,
    boot_problems,
    lint,
    privilege_problems,
    schema_problem,
)
from consulta.platform.db.migrations import SchemaState, code_state, database_state
from consulta.platform.db.roles import DbRole
from consulta.platform.db.work import Engines
from tests.conftest import TestDatabase

_NEW_TABLE = "CREATE TABLE app.loose (id uuid PRIMARY KEY, specialist_id uuid); "
_OWNED = "ALTER TABLE app.loose OWNER TO consulta_owner; "
_DEFINER = (
    "CREATE FUNCTION app.door() RETURNS int LANGUAGE sql SECURITY DEFINER {path}"
    " AS 'SELECT 1'; REVOKE ALL ON FUNCTION app.door() FROM PUBLIC; {rest}"
)
_PINNED = "SET search_path = app, pg_catalog, pg_temp"

# A small sabotage for every law, as a superuser would commit it by mistake.
SABOTAGE: dict[str, tuple[str, ...]] = {
    "RLS_OFF": ("ALTER TABLE app.bookings DISABLE ROW LEVEL SECURITY", _NEW_TABLE + _OWNED),
    "RLS_NOT_FORCED": ("ALTER TABLE app.bookings NO FORCE ROW LEVEL SECURITY",),
    "NO_POLICY": (_NEW_TABLE + _OWNED,),
    "OWNER_TOO_STRONG": (
        _NEW_TABLE,
        "ALTER TABLE app.outbox OWNER TO consulta_worker",
        "ALTER ROLE consulta_owner BYPASSRLS",
    ),
    "TABLE_WITHOUT_COMMENT": ("COMMENT ON TABLE app.users IS NULL",),
    "FLOAT_COLUMN": (
        "ALTER TABLE app.users ADD COLUMN height real",
        "ALTER TABLE app.payments ADD COLUMN fee money",
    ),
    "TIME_WITHOUT_ZONE": ("ALTER TABLE app.users ADD COLUMN born timestamp",),
    "VIEW_NOT_INVOKER": (
        "CREATE VIEW app.peep AS SELECT * FROM app.bookings",
        "CREATE MATERIALIZED VIEW app.peep AS SELECT * FROM app.bookings",
        "ALTER VIEW app.booking_views SET (security_invoker = false)",
    ),
    "EXTENSION_IN_APP": ("ALTER EXTENSION btree_gist SET SCHEMA app",),
    "POLICY_TO_PUBLIC": ("CREATE POLICY p ON app.users FOR SELECT TO PUBLIC USING (false)",),
    "UPDATE_WITHOUT_CHECK": (
        "CREATE POLICY p ON app.outbox FOR UPDATE TO consulta_user USING (false)",
    ),
    "POLICY_FOR_ALL": ("CREATE POLICY p ON app.outbox TO consulta_worker USING (true)",),
    "POLICY_TRUE": (
        "ALTER POLICY party_reads ON app.bookings USING (true)",
        "ALTER POLICY owner_adds ON app.profiles WITH CHECK (true)",
        "ALTER POLICY anyone_reads_verified ON app.specialists USING (true)",
    ),
    "POLICY_UNWRAPPED": (
        "ALTER POLICY party_reads ON app.bookings USING (client_id = app.user_id())",
        "ALTER POLICY payer_reads ON app.payment_actions"
        " USING (client_id::text = current_setting('app.user_id', true))",
        "ALTER POLICY owner_reads ON app.users USING (EXISTS (SELECT 1 WHERE id = app.user_id()))",
    ),
    "POLICY_TWICE": ("CREATE POLICY p ON app.bookings FOR SELECT TO consulta_user USING (false)",),
    "GRANT_WITHOUT_POLICY": (
        "DROP POLICY party_reads ON app.bookings",
        "DROP POLICY worker_reads ON app.outbox",
        "GRANT DELETE ON app.users TO consulta_worker",
    ),
    "NO_BELT": ("DROP POLICY belt ON app.bookings", "DROP POLICY belt ON app.specialists"),
    "KEY_WITHOUT_INDEX": ("DROP INDEX app.ix_booking_cancellations_cancelled_by",),
    "KEY_UNSCOPED": (
        "ALTER TABLE app.outbox ADD COLUMN booking_id uuid"
        " CONSTRAINT fk_loose REFERENCES app.bookings",
        "ALTER TABLE app.outbox ADD COLUMN payment_id uuid"
        " CONSTRAINT fk_loose REFERENCES app.payments",
    ),
    "CASCADE_UNSCOPED": (
        "ALTER TABLE app.outbox ADD COLUMN rate_id uuid"
        " REFERENCES app.specialist_rates ON DELETE CASCADE",
    ),
    "DEFINER_PATH": (
        _DEFINER.format(path="", rest="ALTER FUNCTION app.door() OWNER TO consulta_definer"),
        "ALTER FUNCTION app.get_booking_stats() RESET search_path",
        "ALTER FUNCTION app.get_booking_stats() SET search_path = app, public, pg_temp",
        "ALTER FUNCTION app.get_booking_stats() SET search_path = pg_temp, app",
    ),
    "DEFINER_OWNER": (
        _DEFINER.format(path=_PINNED, rest=""),
        "ALTER FUNCTION app.get_booking_stats() OWNER TO consulta_owner",
        "ALTER FUNCTION app.open_slots(uuid, timestamptz, timestamptz, integer, uuid, timestamptz)"
        " SECURITY DEFINER",
    ),
    "FUNCTION_PUBLIC": (
        "GRANT EXECUTE ON FUNCTION app.get_booking_stats() TO PUBLIC",
        "CREATE FUNCTION app.door() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    "FUNCTION_WITHOUT_COMMENT": ("COMMENT ON FUNCTION app.get_booking_stats() IS NULL",),
    "DANGEROUS_GRANT": (
        "GRANT DELETE ON app.bookings TO consulta_user",
        "GRANT TRUNCATE ON app.availability_rules TO consulta_user",
        "GRANT REFERENCES (id) ON app.bookings TO consulta_anonymous",
        "GRANT TRIGGER ON app.users TO consulta_admin",
    ),
    "CALENDAR_OR_MONEY_WRITE": (
        "GRANT UPDATE ON app.calendars TO consulta_admin",
        "GRANT INSERT ON app.slots TO consulta_user",
        "GRANT UPDATE (status) ON app.payments TO consulta_user",
        "GRANT INSERT ON app.payment_operations TO consulta_admin",
    ),
    "WHOLE_TABLE_WRITE": ("GRANT UPDATE ON app.profiles TO consulta_user",),
    "OWNER_COLUMN_WRITE": ("GRANT UPDATE (client_id) ON app.bookings TO consulta_user",),
    "SEQUENCE_GRANT": (
        "CREATE SEQUENCE app.numbers; GRANT USAGE ON SEQUENCE app.numbers TO consulta_user",
    ),
    "GRANT_TO_PUBLIC": (
        "GRANT SELECT ON app.specialists TO PUBLIC",
        "GRANT SELECT (id) ON app.specialists TO PUBLIC",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC',"
        " current_database()); END $$",
    ),
    "API_HOLDS_GRANT": (
        "GRANT SELECT ON app.bookings TO consulta_api",
        "GRANT EXECUTE ON FUNCTION app.get_booking_stats() TO consulta_api",
    ),
    "SCHEMA_CREATE": ("GRANT CREATE ON SCHEMA app TO consulta_worker",),
    "ROLE_MISSING": ("ALTER ROLE consulta_anonymous RENAME TO consulta_somebody",),
    "ROLE_TOO_STRONG": (
        "ALTER ROLE consulta_api SUPERUSER",
        "ALTER ROLE consulta_worker BYPASSRLS",
        "ALTER ROLE consulta_admin CREATEROLE",
        "ALTER ROLE consulta_user BYPASSRLS",
    ),
    "GROUP_LOGS_IN": ("ALTER ROLE consulta_owner LOGIN", "ALTER ROLE consulta_user LOGIN"),
    "LOGIN_OWNS": (
        "ALTER TABLE app.outbox OWNER TO consulta_worker",
        "CREATE SCHEMA hers AUTHORIZATION consulta_api",
        "ALTER FUNCTION app.touch() OWNER TO consulta_admin",
    ),
    "MEMBERSHIP": (
        "GRANT consulta_worker TO consulta_api",
        "GRANT consulta_owner TO consulta_user",
        "GRANT pg_read_all_data TO consulta_worker",
        "GRANT consulta_user TO consulta_api WITH ADMIN OPTION",
        "ALTER ROLE consulta_api INHERIT; REVOKE consulta_user FROM consulta_api;"
        " GRANT consulta_user TO consulta_api",
    ),
    "TIMEOUT_MISSING": (
        "ALTER ROLE consulta_api RESET statement_timeout",
        "ALTER ROLE consulta_worker SET lock_timeout = 0",
        "ALTER ROLE consulta_admin RESET idle_in_transaction_session_timeout",
    ),
    "PATH_MISSING": (
        "ALTER ROLE consulta_api SET search_path = public, app",
        "ALTER ROLE consulta_migrator RESET search_path",
    ),
}


async def test_a_migrated_database_breaks_no_law(module_database: TestDatabase) -> None:
    for login in (None, "consulta_api", "consulta_admin", "consulta_worker"):
        async with module_database.connected(login) as connection:
            assert [str(finding) for finding in await lint(connection)] == []


def test_every_law_has_a_sabotage() -> None:
    assert set(SABOTAGE) == {rule.code for rule in RULES}
    assert len({rule.code for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("code", sorted(SABOTAGE))
async def test_every_law_bites(module_database: TestDatabase, code: str) -> None:
    async with module_database.connected() as connection:
        for sabotage in SABOTAGE[code]:
            await connection.execute("BEGIN")
            await connection.execute(sabotage)
            found = await lint(connection)
            await connection.execute("ROLLBACK")
            assert code in {finding.code for finding in found}, sabotage


async def test_a_worker_s_temporary_table_breaks_no_law(module_database: TestDatabase) -> None:
    async with module_database.connected("consulta_worker") as connection:
        await connection.execute("CREATE TEMPORARY TABLE batch (id uuid PRIMARY KEY, t text)")
        assert await lint(connection) == []


async def test_no_exception_to_a_law_has_outlived_its_reason(
    module_database: TestDatabase,
) -> None:
    async with module_database.connected() as connection:
        keys = await connection.fetch(
            "SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint"
        )
        tables = await connection.fetch(
            "SELECT relname::text FROM pg_class"
            " WHERE has_table_privilege('consulta_user', oid, 'DELETE')"
            " AND relnamespace = 'app'::regnamespace"
        )
        names = {row[0].removeprefix("app.") for row in keys}
        assert {*UNSCOPED_KEYS, *UNINDEXED_KEYS} <= names
        assert set(MAY_DELETE) == {row[0] for row in tables}
        for exception in GRANTS_WITHOUT_ROWS:
            table, command, _, role = exception.split()
            assert await connection.fetchval(
                "SELECT has_any_column_privilege($1, 'app.' || $2, $3)", role, table, command
            )


async def test_a_start_can_afford_the_linter(module_database: TestDatabase) -> None:
    """One round trip; it took 25 to 45 ms when this was written."""
    asked: list[str] = []
    async with module_database.connected("consulta_api") as connection:
        with connection.query_logger(lambda record: asked.append(record.query)):
            await lint(connection)
            await asyncio.sleep(0)  # The logger is told by the loop, a moment later.
    assert len(asked) == 1


LOGINS = (DbRole.API, DbRole.ADMIN, DbRole.WORKER)


def engines_of(database: TestDatabase, **others: str) -> Engines:
    """The pools as the service builds them, some of them signed in as somebody else."""
    addresses = {"api": "consulta_api", "admin": "consulta_admin", "worker": "consulta_worker"}
    return Engines(
        **{
            pool: build_engine(
                Dsn(database.superuser_dsn if login == "" else database.dsn(login)),
                size=1,
                overflow=0,
                name=f"test-{pool}",
            )
            for pool, login in {**addresses, **others}.items()
        }
    )


async def problems(database: TestDatabase, **others: str) -> list[str]:
    engines = engines_of(database, **others)
    try:
        return await boot_problems(engines, code_state())
    finally:
        await engines.dispose()


async def test_the_service_may_serve_from_a_migrated_database(database: TestDatabase) -> None:
    assert await problems(database) == []


async def test_a_privileged_address_is_refused(module_database: TestDatabase) -> None:
    found = await problems(module_database, api="")
    assert len(found) == 1
    assert "is a superuser" in found[0]
    assert "consulta_api" in found[0]


@pytest.mark.parametrize(
    ("pool", "login", "words"),
    [
        ("api", "consulta_migrator", "can become consulta_definer, consulta_owner"),
        ("api", "consulta_worker", "consulta_api signs in as consulta_worker"),
        ("admin", "consulta_api", "can become consulta_anonymous, consulta_user"),
        ("worker", "consulta_admin", "consulta_worker signs in as consulta_admin"),
    ],
)
async def test_the_wrong_login_is_named(
    module_database: TestDatabase, pool: str, login: str, words: str
) -> None:
    assert any(words in sentence for sentence in await problems(module_database, **{pool: login}))


async def test_each_login_of_the_service_has_no_power(module_database: TestDatabase) -> None:
    for login in LOGINS:
        async with module_database.connected(login) as connection:
            assert await privilege_problems(connection, expected=login) == []


async def test_a_login_that_owns_a_table_is_named(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        await superuser.execute("ALTER TABLE app.outbox OWNER TO consulta_worker")
    async with database.connected("consulta_worker") as connection:
        found = await privilege_problems(connection, expected=DbRole.WORKER)
    assert found == ["consulta_worker owns tables or views of the service"]


async def test_a_login_that_bypasses_the_wall_is_named(module_database: TestDatabase) -> None:
    async with module_database.connected() as connection:
        await connection.execute("SET SESSION AUTHORIZATION consulta_backup")
        found = await privilege_problems(connection, expected=DbRole.WORKER)
    assert found == [
        "the connection of consulta_worker signs in as consulta_backup",
        "consulta_backup bypasses row-level security",
    ]


async def test_a_lost_policy_is_refused_at_the_start(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        await superuser.execute("DROP POLICY party_reads ON app.bookings")
    found = await problems(database)
    assert any("bookings SELECT for consulta_user" in sentence for sentence in found)


async def test_a_database_behind_the_code_is_refused(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        await superuser.execute("UPDATE app.schema_state SET revision = '0001_people'")
    (sentence,) = await problems(database)
    assert "behind" in sentence
    assert "consulta migrate" in sentence


async def test_older_policies_are_refused(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        await superuser.execute("UPDATE app.schema_state SET fingerprint = 'older'")
    (sentence,) = await problems(database)
    assert "functions and policies" in sentence


async def test_an_empty_database_is_refused(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        await superuser.execute("DELETE FROM app.schema_state")
    (sentence,) = await problems(database)
    assert "empty" in sentence


async def test_a_database_ahead_of_the_code_is_served(database: TestDatabase) -> None:
    """Rolling deploys: the next version has migrated, this one goes on."""
    async with database.connected() as superuser:
        await superuser.execute("UPDATE app.schema_state SET revision = '9999_next'")
        found = await database_state(superuser)
    assert schema_problem(found, code_state()) is None
    assert await problems(database) == []


def test_the_same_state_is_no_problem() -> None:
    assert schema_problem(SchemaState("a", "b"), SchemaState("a", "b")) is None


async def test_a_superuser_has_nothing_else_to_be_said_of_him(
    module_database: TestDatabase,
) -> None:
    async with module_database.connected() as connection:
        found: list[str] = await privilege_problems(connection, expected=DbRole.API)
    assert len(found) == 1
    assert isinstance(connection, asyncpg.Connection)
