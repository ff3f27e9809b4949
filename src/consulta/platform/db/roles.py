"""Roles and logins of the database, and how they are made: `consulta db bootstrap`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from consulta.platform.db.dsn import Dsn


class DbRole(StrEnum):
    """Every role that the service knows; the table in the README says what each may do."""

    OWNER = "consulta_owner"
    DEFINER = "consulta_definer"
    MIGRATOR = "consulta_migrator"
    API = "consulta_api"
    ANONYMOUS = "consulta_anonymous"
    USER = "consulta_user"
    ADMIN = "consulta_admin"
    WORKER = "consulta_worker"
    BACKUP = "consulta_backup"


LOGINS = (DbRole.MIGRATOR, DbRole.API, DbRole.ADMIN, DbRole.WORKER, DbRole.BACKUP)
GROUPS = (DbRole.OWNER, DbRole.DEFINER, DbRole.ANONYMOUS, DbRole.USER)

_MEMBERSHIPS = (
    (DbRole.OWNER, DbRole.MIGRATOR),
    (DbRole.DEFINER, DbRole.MIGRATOR),
    (DbRole.ANONYMOUS, DbRole.API),
    (DbRole.USER, DbRole.API),
)

_TIMEOUTS: Mapping[DbRole, Mapping[str, str]] = {
    DbRole.API: {"statement": "5s", "lock": "2s", "idle_in_transaction_session": "10s"},
    DbRole.ADMIN: {"statement": "5s", "lock": "2s", "idle_in_transaction_session": "10s"},
    DbRole.WORKER: {"statement": "60s", "lock": "5s", "idle_in_transaction_session": "60s"},
    DbRole.MIGRATOR: {"statement": "0", "lock": "5s", "idle_in_transaction_session": "60s"},
}

_SETTINGS = {
    "search_path": "app, pg_catalog, pg_temp",
    "timezone": "UTC",
    # Compiling costs more than it saves in statements of a millisecond.
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class BootstrapReport:
    """What bootstrap did, in sentences for the person who ran it."""

    lines: tuple[str, ...]


async def bootstrap(dsn: Dsn, *, database: str, passwords: Mapping[DbRole, str]) -> BootstrapReport:
    """Roles, logins, timeouts, database and schema exist as the README's table of roles says.

    `dsn` must be allowed to create roles and databases; a superuser is not needed. Safe to run
    again: passwords and settings are brought up to date, nothing is dropped.
    """
    lines: list[str] = []
    connection = await asyncpg.connect(dsn.text, timeout=10)
    try:
        await _roles(connection, passwords, lines)
        await _database(connection, database, lines)
    finally:
        await connection.close()
    inside = await asyncpg.connect(dsn.with_database(database).text, timeout=10)
    try:
        await _schema(inside, database, lines)
    finally:
        await inside.close()
    return BootstrapReport(tuple(lines))


async def _roles(
    connection: asyncpg.Connection, passwords: Mapping[DbRole, str], lines: list[str]
) -> None:
    # Two replicas or two test runs may bootstrap one server at once; roles are shared by all its
    # databases and "tuple concurrently updated" is what PostgreSQL says without this lock.
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(4919001)")
        present = {row[0] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        for role in (*GROUPS, *LOGINS):
            if role not in present:
                if await _create(connection, role):
                    lines.append(f"created role {role}")
                else:
                    lines.append(f"left out {role}: this server does not let us create it")
        await _log_in(connection, passwords)
        await _configure(connection)
        await _memberships(connection)


async def _create(connection: asyncpg.Connection, role: DbRole) -> bool:
    login = "LOGIN" if role in LOGINS else "NOLOGIN"
    bypass = "BYPASSRLS" if role is DbRole.BACKUP else "NOBYPASSRLS"
    inherit = "NOINHERIT" if role is not DbRole.BACKUP else "INHERIT"
    try:
        async with connection.transaction():
            await connection.execute(
                f"CREATE ROLE {role} {login} {inherit} NOSUPERUSER NOCREATEDB NOCREATEROLE"
                f" NOREPLICATION {bypass}"
            )
    except asyncpg.InsufficientPrivilegeError:
        if role is DbRole.BACKUP:  # Many managed servers refuse BYPASSRLS: they back up themselves.
            return False
        raise
    return True


async def _log_in(connection: asyncpg.Connection, passwords: Mapping[DbRole, str]) -> None:
    for role, password in passwords.items():
        quoted = await connection.fetchval("SELECT quote_literal($1)", password)
        if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", str(role)):
            await connection.execute(f"ALTER ROLE {role} PASSWORD {quoted}")


async def _configure(connection: asyncpg.Connection) -> None:
    for role, timeouts in _TIMEOUTS.items():
        for name, value in timeouts.items():
            await connection.execute(f"ALTER ROLE {role} SET {name}_timeout = '{value}'")
        for name, value in _SETTINGS.items():
            await connection.execute(f"ALTER ROLE {role} SET {name} = {value}")


async def _memberships(connection: asyncpg.Connection) -> None:
    # A CREATEROLE login that is no superuser must belong to a role before it may hand on objects to
    # it: without this, bootstrap fails on every managed server.
    me = await connection.fetchval("SELECT quote_ident(current_user)")
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        for group in (DbRole.OWNER, DbRole.DEFINER):
            await connection.execute(f"GRANT {group} TO {me}")
    for group, member in _MEMBERSHIPS:
        await connection.execute(f"GRANT {group} TO {member}")


async def _database(connection: asyncpg.Connection, database: str, lines: list[str]) -> None:
    name = await connection.fetchval("SELECT quote_ident($1)", database)
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
        try:
            await connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8'")
            lines.append(f"created database {database}")
        except asyncpg.DuplicateDatabaseError:  # Another bootstrap was a moment faster.
            pass


async def _schema(connection: asyncpg.Connection, database: str, lines: list[str]) -> None:
    name = await connection.fetchval("SELECT quote_ident($1)", database)
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(4919001)")
        await grant_database(connection, name)
        await connection.execute(
            f"""
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            CREATE SCHEMA IF NOT EXISTS extensions;
            CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA extensions;
            CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION {DbRole.OWNER};
            GRANT USAGE ON SCHEMA extensions TO {DbRole.OWNER}, {DbRole.DEFINER};
            """
        )
        await connection.execute(
            f"""
            SET LOCAL ROLE {DbRole.OWNER};
            REVOKE ALL ON SCHEMA app FROM PUBLIC;
            GRANT USAGE ON SCHEMA app TO {DbRole.ANONYMOUS}, {DbRole.USER}, {DbRole.ADMIN},
                {DbRole.WORKER}, {DbRole.MIGRATOR}, {DbRole.API};
            GRANT USAGE, CREATE ON SCHEMA app TO {DbRole.DEFINER};
            ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
            SET LOCAL ROLE {DbRole.DEFINER};
            ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
            SET LOCAL ROLE {DbRole.OWNER};
            """
        )
        await _backup_grants(connection, name)
    lines.append("schema app is ready")


async def grant_database(connection: asyncpg.Connection, name: str) -> None:
    """Only the logins may connect, and only the worker may make temporary tables.

    `name` is quoted already. These grants belong to a database and not to its content: a copy of it
    needs them anew.
    """
    await connection.execute(
        f"""
        REVOKE ALL ON DATABASE {name} FROM PUBLIC;
        GRANT CONNECT ON DATABASE {name}
            TO {DbRole.MIGRATOR}, {DbRole.API}, {DbRole.ADMIN}, {DbRole.WORKER};
        GRANT TEMPORARY ON DATABASE {name} TO {DbRole.WORKER};
        """
    )


async def _backup_grants(connection: asyncpg.Connection, database: str) -> None:
    if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", str(DbRole.BACKUP)):
        await connection.execute(
            f"""
            RESET ROLE;
            GRANT CONNECT ON DATABASE {database} TO {DbRole.BACKUP};
            SET LOCAL ROLE {DbRole.OWNER};
            GRANT USAGE ON SCHEMA app TO {DbRole.BACKUP};
            ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO {DbRole.BACKUP};
            """
        )
