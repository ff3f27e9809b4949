"""What a batch of the dispatcher looks at grows with its series, not with their square."""

import json
from collections.abc import Iterator
from typing import Any

from tests.features.recurring.dispatching import WHOLE_WEEK, series, utc
from tests.world import World

CALENDARS, HOURS = 12, 20
_EXPLAINED = """
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_format = json;
SET client_min_messages = log
"""


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


async def test_no_statement_compares_each_offer_with_each_date(world: World) -> None:
    anna = await world.client("Anna")
    made = []
    for n in range(CALENDARS):
        specialist = await world.specialist(f"Dr {n}", open=WHOLE_WEEK)
        made += [
            await series(world, specialist, anna, "2030-03-06", f"{hour:02}:00")
            for hour in range(HOURS)
        ]
    await world.stop_clock(utc("2030-03-04 12:00"))
    letters: list[str] = []
    async with world.database.connected() as connection:
        await connection.execute(_EXPLAINED)
        connection.add_log_listener(lambda _, letter: letters.append(letter.message))
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE consulta_worker")
            report = json.loads(
                await connection.fetchval(
                    "SELECT app.dispatch_series($1, 3, 'manual', 'system:test')", made
                )
            )
    assert report["booked"] == {"confirmed": len(made)}, report
    plans = [json.loads(letter.split("plan:", 1)[1])["Plan"] for letter in letters]
    assert len(plans) > 20
    compared = [
        node["Actual Loops"] * node.get("Rows Removed by Join Filter", 0)
        for plan in plans
        for node in _nodes(plan)
    ]
    # A calendar's own dates may be compared with each other.
    assert max(compared) <= CALENDARS * HOURS * HOURS, max(compared)
