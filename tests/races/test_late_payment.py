"""A payer who came a little late against people who want his time: one of them has it."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TestDatabase
from tests.races.arena import Arena, all_at_once, running_arena
from tests.world import Client, Specialist

pytestmark = pytest.mark.slow

LATE = 20
RIVALS = 3
ALL_DAY = "sun-sat 00:00-24:00"
LOCKS = ("app.claim", "app.lock_payment", "app.lock_booking", "app.retake_span")
CHECKED = "    PERFORM app.clear_the_way("
LIVE = ("pending_payment", "awaiting_confirmation", "confirmed")


async def late_payers(arena: Arena, sarah: Specialist) -> list[tuple[Client, Any]]:
    """Their bookings have lapsed, and their banks have just reserved the money."""
    world, first = arena.world, sarah.at("mon 00:00")
    people = arena.crowd[:LATE]
    bookings = await asyncio.gather(
        *(one.books(sarah, first + timedelta(minutes=30 * n)) for n, one in enumerate(people))
    )
    await world.superuser.execute(
        "UPDATE app.bookings SET expires_at = app.now() WHERE specialist_id = $1", sarah.id
    )
    async with world.database.connected("consulta_worker") as connection:
        await connection.execute("SELECT app.cleanup_expired_bookings()")
    for booking in bookings:
        reference = await world.value(
            "SELECT provider_reference FROM app.payments WHERE booking_id = $1", booking["id"]
        )
        await world.sandbox.present_method(reference, "pm_sandbox_visa")
    return list(zip(people, bookings, strict=True))


async def race(arena: Arena, sarah: Specialist) -> list[tuple[Any, Any]]:
    """Each late booking with the live ones at its time, once everybody has had his answer."""
    payers = await late_payers(arena, sarah)
    acts = []
    for number, (anna, booking) in enumerate(payers):
        payment = booking["payment"]["id"]
        acts.append(anna.post(f"/sandbox/payments/{payment}/action", {"succeed": True}))
        body = sarah.booking(sarah.at("mon 00:00") + timedelta(minutes=30 * number))
        first = LATE + number * RIVALS
        acts += [one.post("/bookings", body) for one in arena.crowd[first : first + RIVALS]]
    replies = await all_at_once(acts)
    assert {reply.status for reply in replies} <= {200, 201, 409}
    ends = []
    for _, booking in payers:
        at_that_time = await arena.world.rows(
            "SELECT b.id, b.status, s.status AS slot FROM app.bookings b"
            " JOIN app.slots s ON s.id = b.slot_id WHERE b.specialist_id = $1 AND b.starts_at ="
            " (SELECT starts_at FROM app.bookings WHERE id = $2) AND b.status = ANY ($3)",
            sarah.id,
            booking["id"],
            list(LIVE),
        )
        ends.append((booking, at_that_time))
    return ends


async def test_the_time_is_the_payers_or_somebody_elses(arena: Arena) -> None:
    sarah = await arena.world.specialist(open=ALL_DAY)
    deadlocks = await arena.deadlocks()
    ends = await race(arena, sarah)
    winners: Counter[str] = Counter()
    for booking, live in ends:
        (one,) = live
        is_late = str(one["id"]) == booking["id"]
        assert one["slot"] == ("booked" if is_late else "held")
        winners["the late payer" if is_late else "a rival"] += 1
    await arena.world.work_off()
    for booking, live in ends:
        charge = await arena.world.sandbox.find(
            booking["payment"]["id"], created_after=sarah.at("mon 00:00") - timedelta(days=30)
        )
        assert charge is not None
        is_late = str(live[0]["id"]) == booking["id"]
        assert charge.state.value == ("authorized" if is_late else "cancelled")
    print(f"\n{dict(winners)}")
    assert await arena.deadlocks() == deadlocks


async def test_without_lock_and_constraint_the_time_is_sold_twice(
    database: TestDatabase, tmp_path: Path
) -> None:
    """The control: the same race on a sabotaged database must go wrong."""
    async with running_arena(database, people=LATE * (RIVALS + 1), logs=tmp_path) as arena:
        for name in LOCKS:
            await sabotage(arena, name, " FOR UPDATE;", ";")
        await sabotage(arena, "app.claim_span", CHECKED, "    PERFORM pg_sleep(0.1);\n" + CHECKED)
        await arena.world.superuser.execute(
            "ALTER TABLE app.slots DROP CONSTRAINT slots_no_overlap_excl"
        )
        sarah = await arena.world.specialist(open=ALL_DAY)
        ends = await race(arena, sarah)
        assert sum(len(live) > 1 for _, live in ends) >= LATE // 2


async def sabotage(arena: Arena, name: str, sound: str, careless: str) -> None:
    body: str = await arena.world.value("SELECT pg_get_functiondef($1::text::regproc)", name)
    assert sound in body
    await arena.world.superuser.execute(body.replace(sound, careless))
