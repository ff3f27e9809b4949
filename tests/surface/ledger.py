"""What stands in the tables, as one mark each: the same before and after a refused request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.world import World

NOT_COUNTED = {"audit_logs", "rate_limits", "job_runs"}
"""A refusal may be recorded, and does count as an attempt."""

_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


@asynccontextmanager
async def unchanged(world: World) -> AsyncIterator[None]:
    """Every table is as it was, but for what records attempts."""
    before = await marks(world)
    yield
    assert await marks(world) == before


async def marks(world: World) -> dict[str, str]:
    """A mark for every table of the service; two are equal only where all rows are."""
    connection: asyncpg.Connection = world.superuser
    tables = sorted({row["relname"] for row in await connection.fetch(_TABLES)} - NOT_COUNTED)
    union = " UNION ALL ".join(
        f"SELECT '{table}', count(*) || ' rows, '"
        f" || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')"
        f' FROM app."{table}" t'
        for table in tables
    )
    return {row[0]: row[1] for row in await connection.fetch(union)}
