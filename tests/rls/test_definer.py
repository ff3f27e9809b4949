"""Definer functions cannot be hijacked: not by temporary objects, nor by objects in `public`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.rls.making import BOOKINGS

ASKED = {
    "bookings": "SELECT (app.get_booking_stats() - 'at')::text",
    "specialists": "SELECT app.slots_json((SELECT min(id::text)::uuid FROM app.specialists"
    " WHERE is_verified), NULL, NULL, NULL, NULL, 'UTC')",
    "rate_limits": "SELECT app.take_turn('hijack', 60, 1000)::text",
    "slots": "SELECT app.release(md5('nothing')::uuid)::text",
}
"""What a worker may ask, by a table that the answer leans on."""

CONTROL = """
SET check_function_bodies = off;
CREATE FUNCTION app.naive() RETURNS text LANGUAGE sql SECURITY DEFINER
AS 'SELECT count(*)::text FROM bookings';
ALTER FUNCTION app.naive() OWNER TO consulta_definer;
GRANT EXECUTE ON FUNCTION app.naive() TO consulta_worker;
"""
"""A careless definer function: no pinned path, tables named without their schema."""


async def shadow(connection: asyncpg.Connection, schema: str) -> None:
    """Every table and view of the service has an empty twin in that schema."""
    tables = await connection.fetch(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'app'::regnamespace"
        " AND relkind IN ('r', 'v')"
    )
    for (table,) in tables:
        await connection.execute(
            f"CREATE {schema} TABLE {'public.' if not schema else ''}{table}"
            f" AS SELECT * FROM app.{table} WITH NO DATA"
            if await may_read(connection, table)
            else f"CREATE {schema} TABLE {'public.' if not schema else ''}{table} (id uuid)"
        )


async def may_read(connection: asyncpg.Connection, table: str) -> bool:
    found: bool = await connection.fetchval(
        "SELECT has_table_privilege('app.' || $1::text, 'SELECT')", table
    )
    return found


@asynccontextmanager
async def unharmed(connection: asyncpg.Connection) -> AsyncIterator[None]:
    await connection.execute("BEGIN")
    try:
        yield
    finally:
        await connection.execute("ROLLBACK")


@pytest.fixture
async def worker(standing: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    async with standing.connected("consulta_worker") as connection:
        yield connection


async def answers(connection: asyncpg.Connection) -> dict[str, str]:
    async with unharmed(connection):
        return {table: await connection.fetchval(asked) for table, asked in ASKED.items()}


async def test_temporary_twins_change_no_answer(worker: asyncpg.Connection) -> None:
    before = await answers(worker)
    await shadow(worker, "TEMPORARY")
    for path in ("pg_temp, app", "pg_temp, public, app, pg_catalog"):
        await worker.execute(f"SET search_path = {path}")
        assert await answers(worker) == before


async def test_twins_in_public_change_no_answer(
    standing: TestDatabase, worker: asyncpg.Connection
) -> None:
    before = await answers(worker)
    async with standing.connected() as superuser:
        await shadow(superuser, "")
        await superuser.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
        try:
            await worker.execute("SET search_path = public, app")
            assert await answers(worker) == before
        finally:
            await superuser.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


async def test_a_careless_definer_function_would_have_been_hijacked(
    standing: TestDatabase, worker: asyncpg.Connection
) -> None:
    """The control: the twins do fool whoever forgot to pin the path."""
    async with standing.connected() as superuser:
        await superuser.execute(CONTROL)
    await worker.execute("SET search_path = pg_temp, app")
    assert await worker.fetchval("SELECT app.naive()") == str(len(BOOKINGS))
    await worker.execute("CREATE TEMPORARY TABLE bookings (id int)")
    await worker.execute("GRANT SELECT ON bookings TO PUBLIC")
    assert await worker.fetchval("SELECT app.naive()") == "0"
