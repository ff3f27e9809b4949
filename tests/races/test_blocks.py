"""A specialist blocks the morning while clients book it: whoever got in is told of."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import TestDatabase
from tests.races.arena import Arena, all_at_once, running_arena
from tests.world import Specialist

pytestmark = pytest.mark.slow

ROUNDS = 200
BOOKERS = 3
PATH = "/specialists/me/availability-exceptions"
CHECKED = "    PERFORM app.clear_the_way(\n"
OPEN = "sun-sat 08:00-17:00"


async def block_against_bookings(
    arena: Arena, sarah: Specialist, *, round_: int
) -> tuple[int, int, int]:
    """How many were booked and told, booked and silently blocked, and refused."""
    morning = sarah.at("mon 09:00") + timedelta(days=round_)
    body = {"date": str(morning.date()), "starts_at": "08:00", "ends_at": "12:00"}
    first = round_ * BOOKERS % (len(arena.crowd) - BOOKERS)
    people = arena.crowd[first : first + BOOKERS]
    # The specialist sits at one replica, then at the other, and comes first, last or between.
    desk = arena.over(round_ % 2, sarah)
    times = [morning + timedelta(minutes=30 * number) for number in range(BOOKERS)]
    acts = [one.post("/bookings", sarah.booking(at)) for one, at in zip(people, times, strict=True)]
    acts.insert(round_ % (BOOKERS + 1), desk.post(PATH, body))
    replies = await all_at_once(acts)
    block = replies.pop(round_ % (BOOKERS + 1))
    assert block.status == 201, block.json
    told = {one["id"] for one in block.json["affected_bookings"]}
    booked = {reply.json["id"] for reply in replies if reply.status == 201}
    refused = [reply for reply in replies if reply.status != 201]
    assert {(reply.status, reply.code) for reply in refused} <= {(409, "SLOT_NOT_OFFERED")}
    assert told <= booked
    return len(told), len(booked - told), len(refused)


async def quiet_specialist(arena: Arena) -> Specialist:
    return await arena.world.specialist(price=0, auto_confirm=True, horizon_days=365, open=OPEN)


async def test_whoever_is_blocked_was_refused_or_is_told_of(arena: Arena) -> None:
    sarah = await quiet_specialist(arena)
    deadlocks, seen = await arena.deadlocks(), Counter[str]()
    begun = datetime.now()
    for number in range(ROUNDS):
        told, silent, refused = await block_against_bookings(arena, sarah, round_=number)
        assert silent == 0
        seen.update(told=told, refused=refused)
    print(f"\n{ROUNDS} blocked mornings in {datetime.now() - begun}: {dict(seen)}")
    # Both really happened, or nothing raced here.
    assert min(seen["told"], seen["refused"]) > ROUNDS / 10
    assert await arena.deadlocks() == deadlocks


async def test_without_the_lock_bookings_are_blocked_silently(
    database: TestDatabase, tmp_path: Path
) -> None:
    """The control: a specialist who does not wait for the calendar misses who is booking it."""
    async with running_arena(database, people=40, logs=tmp_path) as arena:
        body: str = await arena.world.value(
            "SELECT pg_get_functiondef('app.lock_calendar'::regproc)"
        )
        careless = body.replace(
            "UPDATE app.calendars c SET revision = c.revision + 1, updated_at = app.now()\n"
            "    WHERE c.specialist_id = p_specialist\n"
            "    RETURNING c.revision INTO v_revision;",
            "SELECT c.revision INTO v_revision FROM app.calendars c"
            " WHERE c.specialist_id = p_specialist;",
        )
        assert careless != body
        await arena.world.superuser.execute(careless)
        # And time enough between the look at the calendar and the claim.
        claim: str = await arena.world.value("SELECT pg_get_functiondef('app.claim_span'::regproc)")
        assert claim.count(CHECKED) == 1
        await arena.world.superuser.execute(
            claim.replace(CHECKED, "    PERFORM pg_sleep(0.05);\n" + CHECKED)
        )
        sarah = await quiet_specialist(arena)
        lost = 0
        for number in range(20):
            _, silent, _ = await block_against_bookings(arena, sarah, round_=number)
            lost += silent
        assert lost >= 20
