"""What the tests of reconciliation look at: findings, and whether anything at all was written."""

from typing import Any

from tests.world import World

_TABLES = """
SELECT tablename FROM pg_tables
WHERE schemaname = 'app' AND tablename <> 'job_runs' ORDER BY tablename
"""


async def everything(world: World) -> dict[str, str]:
    """A hash of all rows of each table but the runs of jobs."""
    return {
        row["tablename"]: await world.value(
            f"SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), ''))"
            f" FROM app.{row['tablename']} t"
        )
        for row in await world.rows(_TABLES)
    }


async def reconciled(world: World) -> dict[str, Any]:
    """What a cron daemon hears of a comparison with every provider."""
    reply = await world.cron("reconcile-payments")
    assert reply.status == 200, reply.json
    assert (reply.json["state"], reply.json["failed_count"]) == ("done", 0), reply.json
    result: dict[str, Any] = reply.json["result"]
    return result


async def findings(world: World) -> list[tuple[str, str, str]]:
    """Class, reason and state of every finding, the oldest first."""
    rows = await world.rows(
        "SELECT class, reason, state FROM app.reconciliation_findings ORDER BY id"
    )
    return [(row["class"], row["reason"], row["state"]) for row in rows]
