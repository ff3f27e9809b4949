"""Migrations: versions through Alembic, functions and policies re-applied after them, all in one
transaction. When nothing is new, nothing is touched.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from consulta.kernel.errors import Unavailable
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.roles import DbRole

_ATTEMPTS = 20
_PAUSE_SECONDS = 1.0
_LOCK = 4919002


class MigrationBlocked(Unavailable):
    """The database was too busy to be migrated: a lock could not be had in time."""

    code = "MIGRATION_BLOCKED"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Which version and which text of functions and policies a database, or the code, is at."""

    revision: str | None
    fingerprint: str | None


def alembic_folder() -> Path:
    """Where versions, functions and policies are: inside an installed package, or in a checkout."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "_alembic"
    return inside if inside.is_dir() else package.parents[1] / "alembic"


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(alembic_folder()).replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    return config


def code_state() -> SchemaState:
    """What the code in hand expects to find."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    digest = hashlib.sha256()
    for path in _repeatables():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return SchemaState(head, digest.hexdigest())


async def database_state(connection: asyncpg.Connection) -> SchemaState:
    """What a database has; `SchemaState(None, None)` for an empty one."""
    if await connection.fetchval("SELECT to_regclass('app.schema_state')") is None:
        return SchemaState(None, None)
    row = await connection.fetchrow("SELECT revision, fingerprint FROM app.schema_state")
    return SchemaState(row["revision"], row["fingerprint"]) if row else SchemaState(None, None)


def knows_revision(revision: str | None) -> bool:
    """Whether the code has that revision; if not, the database is ahead of it."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return revision in {script.revision for script in scripts.walk_revisions()}


async def migrate(dsn: Dsn) -> bool:
    """The database is at the code's revision, functions and policies included; True if it changed.

    `dsn` is the migrator's. Several replicas may call this at once: one works, the others wait and
    find nothing to do. Gives up with `MigrationBlocked` after about a minute of lock time-outs.
    """
    wanted = code_state()
    for _ in range(_ATTEMPTS):
        try:
            return await _migrate_once(dsn, wanted)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(_PAUSE_SECONDS)
    raise MigrationBlocked


async def downgrade(dsn: Dsn, revision: str) -> None:
    """The versions are undone down to `revision` (`base` for all), and the law re-applied."""
    await _migrate_once(dsn, SchemaState(revision, None), downwards=True)


async def _migrate_once(dsn: Dsn, wanted: SchemaState, *, downwards: bool = False) -> bool:
    engine = create_async_engine(dsn.for_sqlalchemy(), poolclass=NullPool)
    try:
        async with engine.connect() as connection, connection.begin():
            raw = (await connection.get_raw_connection()).driver_connection
            assert isinstance(raw, asyncpg.Connection)
            # The first statement goes through SQLAlchemy, so that it opens the transaction.
            await connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'")
            await raw.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            await raw.execute(f"SET LOCAL lock_timeout = '3s'; SET LOCAL ROLE {DbRole.OWNER}")
            if await database_state(raw) == wanted:
                return False
            await _apply(connection, raw, wanted, downwards=downwards)
            return True
    except Exception as error:
        cause = getattr(error, "driver_exception", None)
        if isinstance(cause, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError):
            raise cause from error
        raise
    finally:
        await engine.dispose()


async def _apply(
    connection: AsyncConnection, raw: asyncpg.Connection, wanted: SchemaState, *, downwards: bool
) -> None:
    await _drop_repeatables(raw)
    await _run(raw, alembic_folder() / "functions" / "00_kernel.sql")
    await raw.execute(_STATE_TABLES)
    await connection.run_sync(_versions, wanted.revision or "head", downwards)
    if downwards and wanted.revision == "base":
        await raw.execute("DROP TABLE app.alembic_version, app.schema_state")
        await _drop_repeatables(raw)
        return
    if downwards:
        # Functions of the newer versions would not find their tables: this is no state to serve
        # from, and whoever migrates next begins with it.
        await raw.execute("DELETE FROM app.schema_state")
        return
    for path in _repeatables():
        role = DbRole.DEFINER if path.parent.name == "definer" else DbRole.OWNER
        await raw.execute(f"SET LOCAL ROLE {role}")
        await _run(raw, path)
    await raw.execute(f"SET LOCAL ROLE {DbRole.OWNER}")
    await raw.execute(
        "INSERT INTO app.schema_state (id, revision, fingerprint) VALUES (true, $1, $2)"
        " ON CONFLICT (id) DO UPDATE SET revision = $1, fingerprint = $2, applied_at = now()",
        wanted.revision,
        wanted.fingerprint,
    )


_STATE_TABLES = """
CREATE TABLE IF NOT EXISTS app.schema_state (
    id boolean PRIMARY KEY DEFAULT true CONSTRAINT ck_schema_state_one CHECK (id),
    revision text NOT NULL,
    fingerprint text,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE app.schema_state IS
    'The revision and the text of functions and policies that this database is at.';
ALTER TABLE app.schema_state NO FORCE ROW LEVEL SECURITY;
CREATE TABLE IF NOT EXISTS app.alembic_version (
    version_num varchar(64) NOT NULL CONSTRAINT pk_alembic_version PRIMARY KEY
);
COMMENT ON TABLE app.alembic_version IS 'Alembic''s own mark of the last version that was run.';
ALTER TABLE app.alembic_version NO FORCE ROW LEVEL SECURITY;
"""


def _versions(connection: Connection, revision: str, downwards: bool) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    if downwards:
        command.downgrade(config, revision)
    else:
        command.upgrade(config, "head")


def _repeatables() -> list[Path]:
    """Functions of the owner, then of the definer, then the law of each table."""
    folder = alembic_folder()
    return [
        *sorted((folder / "functions").glob("*.sql")),
        *sorted((folder / "functions" / "definer").glob("*.sql")),
        *sorted((folder / "policies").glob("*.sql")),
    ]


async def _run(raw: asyncpg.Connection, path: Path) -> None:
    try:
        await raw.execute(path.read_text(encoding="utf-8"))  # noqa: ASYNC240 - small, at start
    except asyncpg.PostgresError as error:
        error.add_note(f"in {path.parent.name}/{path.name}")
        raise


async def _drop_repeatables(raw: asyncpg.Connection) -> None:
    """Policies, triggers and every function but the kernel's are gone; the versions may then
    change whatever those named.
    """
    for query, role in _DROPS:
        await raw.execute(f"SET LOCAL ROLE {DbRole.OWNER}")
        statements = [row[0] for row in await raw.fetch(query)]
        await raw.execute(f"SET LOCAL ROLE {role}")
        for statement in statements:
            await raw.execute(statement)
    await raw.execute(f"SET LOCAL ROLE {DbRole.OWNER}")


_FUNCTIONS = """
SELECT format('DROP FUNCTION app.%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid))
FROM pg_proc p
WHERE p.pronamespace = 'app'::regnamespace AND p.proowner = '{owner}'::regrole
  AND p.proname NOT IN ('now', 'new_id', 'user_id', 'request_id', 'caller_role', 'refuse')
ORDER BY p.oid DESC
"""

_DROPS = (
    (
        "SELECT format('DROP VIEW %s', oid::regclass) FROM pg_class"
        " WHERE relkind = 'v' AND relnamespace = 'app'::regnamespace",
        DbRole.OWNER,
    ),
    (
        "SELECT format('REVOKE ALL ON %s FROM %I', c.oid::regclass, r.rolname) FROM pg_class c,"
        " pg_roles r WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r'"
        " AND r.rolname IN ('consulta_api', 'consulta_anonymous', 'consulta_user',"
        " 'consulta_admin', 'consulta_worker', 'consulta_definer')",
        DbRole.OWNER,
    ),
    (
        "SELECT format('DROP POLICY %I ON app.%I', policyname, tablename) FROM pg_policies"
        " WHERE schemaname = 'app'",
        DbRole.OWNER,
    ),
    (
        "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT tgisinternal AND c.relnamespace = 'app'::regnamespace",
        DbRole.OWNER,
    ),
    (_FUNCTIONS.format(owner=DbRole.DEFINER), DbRole.DEFINER),
    (_FUNCTIONS.format(owner=DbRole.OWNER), DbRole.OWNER),
)
