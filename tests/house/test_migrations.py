"""Migrations: one head, up from nothing and down again, and the same schema as the models say."""

import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from consulta.models import Base
from consulta.models.plumbing import Xid8
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.migrations import (
    alembic_config,
    alembic_folder,
    code_state,
    database_state,
    downgrade,
    migrate,
)
from consulta.platform.db.roles import LOGINS, DbRole, bootstrap
from tests.conftest import PASSWORD

# The runner's own two tables are no part of any version.
RUNNERS_OWN = {"alembic_version", "schema_state"}


@pytest.fixture
async def empty(cluster: Dsn) -> AsyncIterator[Dsn]:
    """A database with roles and schema, and not a single table."""
    made = cluster.with_database(f"consulta_empty_{secrets.token_hex(6)}")
    await bootstrap(cluster, database=made.database, passwords=dict.fromkeys(LOGINS, PASSWORD))
    yield made
    server = await asyncpg.connect(cluster.with_database("postgres").text)
    await server.execute(f"DROP DATABASE {made.database} WITH (FORCE)")
    await server.close()


def migrator(database: Dsn) -> Dsn:
    return database.with_login(DbRole.MIGRATOR, PASSWORD)


async def in_sqlalchemy(database: Dsn, act: Callable[[Connection], Any]) -> Any:
    engine = create_async_engine(database.for_sqlalchemy(), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(act)
    finally:
        await engine.dispose()


async def catalogue(database: Dsn) -> set[tuple[str, ...]]:
    """Every column, constraint, index and table of the schema, spelled by PostgreSQL itself."""
    connection = await asyncpg.connect(database.text)
    try:
        rows = [row for query in CATALOGUE for row in await connection.fetch(query)]
    finally:
        await connection.close()
    return {tuple(str(value) for value in row) for row in rows if row[1] not in RUNNERS_OWN}


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


async def test_autogenerate_finds_nothing_to_do(
    empty: Dsn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(migrator(empty))
    # SQLAlchemy reads every type of PostgreSQL but this one.
    monkeypatch.setitem(PGDialect.ischema_names, "xid8", Xid8)

    def difference(connection: Connection) -> Any:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: (
                    not ((kind == "schema" and name != "app") or name in RUNNERS_OWN)
                ),
                "compare_type": True,
                "version_table_schema": "app",
            },
        )
        return compare_metadata(context, Base.metadata)

    assert await in_sqlalchemy(empty, difference) == []


async def test_versions_and_models_make_the_same_schema(empty: Dsn, cluster: Dsn) -> None:
    """Names and texts of constraints, predicates of indexes, defaults, comments: all of it."""
    await migrate(migrator(empty))
    from_models = cluster.with_database(f"{empty.database}_models")
    await bootstrap(
        cluster, database=from_models.database, passwords=dict.fromkeys(LOGINS, PASSWORD)
    )
    try:
        await create_from_models(from_models)
        by_versions, by_models = await catalogue(empty), await catalogue(from_models)
    finally:
        server = await asyncpg.connect(cluster.with_database("postgres").text)
        await server.execute(f"DROP DATABASE {from_models.database} WITH (FORCE)")
        await server.close()

    assert sorted(by_versions - by_models) == []
    assert sorted(by_models - by_versions) == []
    assert {kind for kind, *_ in by_models} == {"column", "constraint", "index", "table"}


async def create_from_models(database: Dsn) -> None:
    connection = await asyncpg.connect(database.text)
    kernel = alembic_folder() / "functions" / "00_kernel.sql"
    await connection.execute(kernel.read_text(encoding="utf-8"))
    await connection.close()
    await in_sqlalchemy(database, Base.metadata.create_all)


async def test_up_down_to_nothing_and_up_again(empty: Dsn) -> None:
    assert await migrate(migrator(empty))
    first = await catalogue(empty)

    await downgrade(migrator(empty), "base")
    assert await catalogue(empty) == set()
    assert await functions_left(empty) == KERNEL

    assert await migrate(migrator(empty))
    assert await catalogue(empty) == first
    assert not await migrate(migrator(empty)), "when nothing is new, nothing is touched"

    await downgrade(migrator(empty), "-1")
    assert await catalogue(empty) != first
    assert await migrate(migrator(empty)), "one step back is no state to stay in"
    assert await catalogue(empty) == first


async def test_a_migrated_database_knows_where_it_is(empty: Dsn) -> None:
    await migrate(migrator(empty))
    connection = await asyncpg.connect(empty.text)
    found = await database_state(connection)
    await connection.close()
    assert found == code_state()


KERNEL = {"now", "new_id", "user_id", "request_id", "caller_role", "refuse"}


async def functions_left(database: Dsn) -> set[str]:
    connection = await asyncpg.connect(database.text)
    rows = await connection.fetch(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'app'::regnamespace"
    )
    await connection.close()
    return {row[0] for row in rows}


CATALOGUE = (
    """
    SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r'
    """,
    """
    SELECT 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.connamespace = 'app'::regnamespace AND k.contype IN ('c', 'f', 'p', 'u', 'x')
    """,
    """
    SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'app'
    """,
    """
    SELECT 'table', c.relname, c.relpersistence, c.reloptions, obj_description(c.oid, 'pg_class')
    FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r'
    """,
)
