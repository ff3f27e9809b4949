"""Everybody wants the same time: one gets it, the others hear that it is taken."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import TestDatabase
from tests.races.arena import Arena, Stopwatch, race_for, running_arena

pytestmark = pytest.mark.slow

ROUNDS = 20
ONE_WINS = {(201, None): 1, (409, "SLOT_TAKEN"): 199}
ALL_DAY = "sun-sat 00:00-24:00"
LOCK = "    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = p_specialist FOR UPDATE;\n"
CHECKED = "    PERFORM app.clear_the_way(\n"


async def test_one_of_two_hundred_gets_the_time(arena: Arena) -> None:
    sarah = await arena.world.specialist(open=ALL_DAY)
    first = sarah.at("mon 00:00")
    deadlocks, watch = await arena.deadlocks(), Stopwatch()
    for number in range(ROUNDS):
        when = first + timedelta(minutes=30 * number)
        outcome = await race_for(arena, sarah, when, watch=watch, people=200)
        assert outcome == ONE_WINS, number
    print(f"\n{ROUNDS} rounds of 200 for one slot: {watch}")
    assert watch.slowest_seconds < 10
    assert await arena.deadlocks() == deadlocks
    rows = await arena.world.rows(
        "SELECT (SELECT count(*) FROM app.bookings WHERE specialist_id = $1) AS bookings,"
        " (SELECT count(DISTINCT slot_id) FROM app.bookings WHERE specialist_id = $1) AS slots,"
        " (SELECT count(*) FROM app.payments WHERE specialist_id = $1) AS payments,"
        " (SELECT count(*) FROM app.sandbox_charges c JOIN app.payments p"
        "  ON p.id::text = c.payment_id WHERE p.specialist_id = $1) AS charges",
        sarah.id,
    )
    assert rows == [dict.fromkeys(("bookings", "slots", "payments", "charges"), ROUNDS)]


async def test_without_lock_and_constraint_times_are_sold_twice(
    database: TestDatabase, tmp_path: Path
) -> None:
    """The control: the same race on a sabotaged database must go wrong in nearly every round."""
    async with running_arena(database, people=60, logs=tmp_path) as arena:
        # No lock, and time enough between the look at the calendar and the claim.
        for name, sound, careless in (
            ("app.claim", LOCK, ""),
            ("app.claim_span", CHECKED, "    PERFORM pg_sleep(0.05);\n" + CHECKED),
        ):
            body: str = await arena.world.value(
                "SELECT pg_get_functiondef($1::text::regproc)", name
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
            when = first + timedelta(minutes=30 * number)
            outcome = await race_for(arena, sarah, when, watch=Stopwatch(), people=60)
            doubled += outcome[201, None] > 1
        assert doubled >= 0.95 * ROUNDS
