"""A specialist who books anyway, fifty times at once, against fifty clients: anyway is no way past
another session.
"""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import TestDatabase
from tests.races.arena import Arena, all_at_once, running_arena
from tests.world import Reply, Specialist

pytestmark = pytest.mark.slow

ROUNDS = 10
EACH = 50
ALL_DAY = "sun-sat 00:00-24:00"
LOCK = "        PERFORM 1 FROM app.calendars c WHERE c.specialist_id = p_specialist FOR UPDATE;\n"
CHECKED = "    PERFORM app.clear_the_way("
OVERLAPS = """
SELECT count(*) FROM app.bookings one JOIN app.bookings other
  ON other.specialist_id = one.specialist_id AND other.id > one.id
     AND other.starts_at < one.ends_at AND one.starts_at < other.ends_at
WHERE one.specialist_id = $1
"""


async def race(arena: Arena, sarah: Specialist, when: datetime) -> Counter[tuple[int, str | None]]:
    """Clients want the time itself; the specialist wants it, or ten minutes later, for others."""
    asked = []
    for line, (client, other) in enumerate(pairwise(arena.crowd[: EACH + 1])):
        begins = when + timedelta(minutes=10 * (line % 2))
        body = sarah.booking(begins, client_id=str(other.id), by_hand=True, anyway=True)
        asked += [
            arena.over(EACH + line, sarah).post("/bookings", body),
            client.post("/bookings", sarah.booking(when)),
        ]
    replies: list[Reply] = await all_at_once(asked)
    return Counter((reply.status, reply.code) for reply in replies)


async def test_one_of_a_hundred_gets_the_time(arena: Arena) -> None:
    sarah = await arena.world.specialist(open=ALL_DAY)
    first = sarah.at("mon 00:00")
    deadlocks = await arena.deadlocks()
    for number in range(ROUNDS):
        outcome = await race(arena, sarah, first + timedelta(hours=number))
        assert outcome == {(201, None): 1, (409, "SLOT_TAKEN"): 2 * EACH - 1}, number
    assert await arena.deadlocks() == deadlocks
    assert await arena.world.value(OVERLAPS, sarah.id) == 0


async def test_without_lock_and_constraint_anyway_pushes_others_aside(
    database: TestDatabase, tmp_path: Path
) -> None:
    """The control: the same race on a sabotaged database must go wrong in nearly every round."""
    async with running_arena(database, people=2 * EACH, logs=tmp_path) as arena:
        for name, sound, careless in (
            ("app.book", LOCK, ""),
            ("app.claim_anyway", CHECKED, "    PERFORM pg_sleep(0.1);\n" + CHECKED),
        ):
            body: str = await arena.world.value(
                "SELECT pg_get_functiondef($1::text::regproc)",
                name,
            )
            assert body.count(sound) == 1
            await arena.world.superuser.execute(body.replace(sound, careless))
        await arena.world.superuser.execute(
            "ALTER TABLE app.slots DROP CONSTRAINT slots_no_overlap_excl"
        )
        sarah = await arena.world.specialist(open=ALL_DAY)
        first = sarah.at("mon 00:00")
        doubled = 0
        for number in range(ROUNDS):
            outcome = await race(arena, sarah, first + timedelta(hours=number))
            doubled += outcome[201, None] > 1
        assert doubled >= 0.9 * ROUNDS
        assert await arena.world.value(OVERLAPS, sarah.id) >= doubled
