"""Sessions change places while others book: nobody loses his session, and no two overlap."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TestDatabase
from tests.races.arena import Arena, all_at_once, running_arena
from tests.world import Client, Reply, Specialist

pytestmark = pytest.mark.slow

ROUNDS = 100
HOUR = timedelta(hours=1)
SEED = 20_261_121
CHECKED = "    PERFORM app.clear_the_way(\n"
PAUSE = "    PERFORM pg_sleep(0.05);\n"
REFUSED = {"SLOT_TAKEN", "BOOKING_CHANGED"}


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two sessions, an hour apart, each wanted at the other's time and at a third one."""

    arena: Arena
    sarah: Specialist
    people: Sequence[Client]
    times: Sequence[datetime]
    ids: Sequence[str]

    def moves(self) -> list[tuple[int, datetime]]:
        """Whose session moves where: to each other's time, aside, and halfway over the own."""
        first, second, aside = self.times
        return [(0, second), (1, first), (0, aside), (1, aside), (0, first + HOUR / 2)]

    async def run(self, dice: random.Random) -> tuple[list[tuple[int, datetime, Reply]], list[Any]]:
        """Everybody at once, in any order: the moves with their answers, and the new bookings."""
        moves = self.moves()
        dice.shuffle(moves)
        newcomers = self.people[2:]
        replies = await all_at_once(
            [
                *(
                    self.arena.over(dice.randrange(20), self.people[who]).post(
                        f"/bookings/{self.ids[who]}/reschedule",
                        {"starts_at": at.isoformat(), "revision": 0},
                    )
                    for who, at in moves
                ),
                *(
                    one.post("/bookings", self.sarah.booking(at))
                    for one, at in zip(newcomers, self.times, strict=True)
                ),
            ]
        )
        told = [(*move, reply) for move, reply in zip(moves, replies, strict=False)]
        return told, replies[len(moves) :]


async def crossing(arena: Arena, sarah: Specialist, *, day: int) -> Crossing:
    people = arena.crowd[(day * 5) % 100 :][:5]
    noon = sarah.at("mon 12:00") + timedelta(days=day)
    times = [noon, noon + HOUR, noon + 2 * HOUR]
    ids = [(await one.books(sarah, at))["id"] for one, at in zip(people[:2], times, strict=False)]
    return Crossing(arena, sarah, people, times, ids)


async def free_specialist(arena: Arena) -> Specialist:
    """Nothing is owed: the races are about time alone."""
    return await arena.world.specialist(
        open="sun-sat 00:00-24:00", minutes=60, price=0, auto_confirm=True, horizon_days=365
    )


async def stands_where_it_was_told(
    scene: Crossing, told: list[tuple[int, datetime, Reply]]
) -> None:
    """One revision, one winner: each session is where its one good answer says, or where it was."""
    for who in (0, 1):
        moved = [at for one, at, reply in told if one == who and reply.status == 200]
        assert len(moved) <= 1
        seen = (await scene.people[who].get(f"/bookings/{scene.ids[who]}")).json
        assert datetime.fromisoformat(seen["starts_at"]) == (moved or [scene.times[who]])[0]
        assert (seen["revision"], seen["status"]) == (len(moved), "confirmed")


OVERLAPS = """
SELECT count(*) FROM app.bookings b JOIN app.bookings c
  ON c.specialist_id = b.specialist_id AND c.id > b.id
     AND c.starts_at < b.ends_at AND c.ends_at > b.starts_at
WHERE b.specialist_id = $1 AND b.status = 'confirmed' AND c.status = 'confirmed'
"""
ASTRAY = """
SELECT (SELECT count(*) FROM app.bookings b JOIN app.slots s ON s.id = b.slot_id
        WHERE b.specialist_id = $1
          AND (s.status <> 'booked' OR s.session_starts_at <> b.starts_at
               OR s.session_ends_at <> b.ends_at))
     + (SELECT count(*) FROM app.slots s WHERE s.specialist_id = $1 AND s.status <> 'released'
          AND NOT EXISTS (SELECT FROM app.bookings b WHERE b.slot_id = s.id))
"""


async def test_sessions_that_change_places(arena: Arena) -> None:
    dice = random.Random(SEED)
    sarah = await free_specialist(arena)
    deadlocks = await arena.deadlocks()
    outcome: Counter[str] = Counter()
    for day in range(ROUNDS):
        scene = await crossing(arena, sarah, day=day)
        told, booked = await scene.run(dice)
        assert {reply.status for *_, reply in told} <= {200, 409}
        assert {reply.status for reply in booked} <= {201, 409}
        refusals = {reply.code for *_, reply in told if reply.status == 409}
        assert refusals <= REFUSED, refusals
        assert {reply.code for reply in booked if reply.status == 409} <= {"SLOT_TAKEN"}
        await stands_where_it_was_told(scene, told)
        outcome["moved"] += sum(reply.status == 200 for *_, reply in told)
        outcome["booked"] += sum(reply.status == 201 for reply in booked)
    print(f"\n{ROUNDS} rounds of crossing moves: {dict(outcome)}")
    # Both really happened, or nothing raced here.
    assert outcome["moved"] >= ROUNDS / 2
    assert outcome["booked"] >= ROUNDS / 10
    assert await arena.world.value(OVERLAPS, sarah.id) == 0
    assert await arena.world.value(ASTRAY, sarah.id) == 0
    moves = "SELECT count(*) FROM app.booking_reschedules WHERE specialist_id = $1"
    assert await arena.world.value(moves, sarah.id) == outcome["moved"]
    assert await arena.deadlocks() == deadlocks


async def test_without_lock_and_constraint_sessions_overlap(
    database: TestDatabase, tmp_path: Path
) -> None:
    """The control: the same race on a sabotaged database must go wrong."""
    async with running_arena(database, people=40, logs=tmp_path) as arena:
        # No lock, and time enough between the look at the calendar and the claim.
        for name in ("lock_movable", "claim", "claim_span"):
            body: str = await arena.world.value(f"SELECT pg_get_functiondef('app.{name}'::regproc)")
            careless = body.replace(" FOR UPDATE;", ";").replace(CHECKED, PAUSE + CHECKED)
            assert careless != body
            await arena.world.superuser.execute(careless)
        await arena.world.superuser.execute(
            "ALTER TABLE app.slots DROP CONSTRAINT slots_no_overlap_excl"
        )
        sarah = await free_specialist(arena)
        dice = random.Random(SEED)
        for day in range(5):
            scene = await crossing(arena, sarah, day=day)
            await scene.run(dice)
        assert await arena.world.value(OVERLAPS, sarah.id) >= 5
