"""Not only the same time: whatever overlaps. Whoever gets in is apart from all others, and whoever
does not get in would have been in somebody's way.
"""

import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from tests.races.arena import Arena, Stopwatch, all_at_once
from tests.world import Client, Reply, Specialist

pytestmark = pytest.mark.slow

BUFFER = timedelta(minutes=15)
LENGTHS = (30, 50, 90)
SEED = 20_261_120


async def busy_specialist(
    arena: Arena, *, buffer_minutes: int
) -> tuple[Specialist, dict[int, UUID]]:
    """Sessions of three lengths on a fine grid, five minutes and the buffer; rates by length."""
    sarah = await arena.world.specialist(
        open="sun-sat 00:00-24:00", slot_minutes=5, buffer_minutes=buffer_minutes
    )
    rates = {
        minutes: await arena.world.value(
            "INSERT INTO app.specialist_rates (specialist_id, kind, name, price_minor, currency,"
            " duration_minutes) VALUES ($1, $2, $2, 5000, 'USD', $3) RETURNING id",
            sarah.id,
            f"minutes_{minutes}",
            minutes,
        )
        for minutes in LENGTHS
    }
    return sarah, rates


@pytest.mark.parametrize("buffer_minutes", [0, 15])
async def test_overlapping_wishes(arena: Arena, buffer_minutes: int) -> None:
    dice = random.Random(SEED + buffer_minutes)
    sarah, rates = await busy_specialist(arena, buffer_minutes=buffer_minutes)
    buffer = timedelta(minutes=buffer_minutes)
    step = 5 + buffer_minutes
    noon = sarah.at("mon 12:00")
    deadlocks, watch = await arena.deadlocks(), Stopwatch()
    for day in range(3):
        wishes = [
            (
                noon + timedelta(days=day, minutes=step * dice.randint(-60 // step, 60 // step)),
                dice.choice(LENGTHS),
            )
            for _ in range(80)
        ]

        async def book(one: Client, starts_at: datetime, minutes: int) -> Reply:
            body = sarah.booking(starts_at) | {"rate_id": str(rates[minutes])}
            return await watch.times(one.post("/bookings", body))

        turns = zip(arena.crowd, wishes, strict=False)
        replies = await all_at_once([book(one, *wish) for one, wish in turns])
        assert {(one.status, one.code) for one in replies} <= {(201, None), (409, "SLOT_TAKEN")}
        spans = [(at, at + timedelta(minutes=minutes)) for at, minutes in wishes]
        accepted = sorted(
            span for span, one in zip(spans, replies, strict=True) if one.status == 201
        )
        assert accepted
        assert all(end + buffer <= start for (_, end), (start, _) in pairwise(accepted))
        for starts_at, ends_at in spans:
            assert any(
                starts_at < end + buffer and start < ends_at + buffer for start, end in accepted
            )
    print(f"\noverlaps with {buffer_minutes} minutes between: {watch}")
    assert await arena.deadlocks() == deadlocks


async def test_neighbours_all_get_in(arena: Arena) -> None:
    sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
    starts = [sarah.at("mon 00:00") + timedelta(minutes=30 * number) for number in range(40)]
    replies = await all_at_once(
        [
            one.post("/bookings", sarah.booking(at))
            for one, at in zip(arena.crowd, starts, strict=False)
        ]
    )
    assert {one.status for one in replies} == {201}


async def test_bookings_against_holds(arena: Arena) -> None:
    sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
    for number in range(4):  # An address gets so many holds a minute, and all share one here.
        body = sarah.booking(sarah.at("mon 00:00") + timedelta(minutes=30 * number))
        replies = await all_at_once(
            [
                one.post("/holds" if turn % 2 else "/bookings", body)
                for turn, one in enumerate(arena.crowd[number * 20 : number * 20 + 20])
            ]
        )
        outcome = Counter((one.status, one.code) for one in replies)
        assert outcome == {(201, None): 1, (409, "SLOT_TAKEN"): 19}
    live = await arena.world.value(
        "SELECT count(*) FROM app.slots WHERE specialist_id = $1 AND status <> 'released'", sarah.id
    )
    assert live == 4


async def test_a_hold_lets_its_holder_in_and_nobody_else(arena: Arena) -> None:
    """The holder, twice, and forty others, all at once."""
    sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
    body = sarah.booking("mon 10:00")
    anna, *others = arena.crowd[:41]
    held = (await anna.post("/holds", body)).json
    with_token = body | {"hold_token": held["hold_token"]}
    hers, again, *theirs = await all_at_once(
        [
            anna.post("/bookings", with_token),
            arena.over(1, anna).post("/bookings", with_token),
            *(one.post("/bookings", body) for one in others),
        ]
    )
    assert {one.code for one in theirs} == {"SLOT_TAKEN"}
    assert sorted([hers.status, again.status]) in ([201, 404], [201, 409])
    assert {hers.code, again.code} <= {None, "HOLD_NOT_FOUND", "SLOT_TAKEN"}
