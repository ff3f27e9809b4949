"""Two verbs on one booking at once: it ends in one state, and no answer speaks against it."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from consulta.providers.payments.port import ChargeState
from tests.races.arena import Arena, all_at_once
from tests.world import Client, Reply, Specialist

pytestmark = pytest.mark.slow

PAIRS = 40
LEGAL = {
    # (confirm, cancel): what the booking and its payment may be afterwards.
    (200, 409): {("confirmed", "paid")},
    (409, 200): {("cancelled", "cancelled")},
    (200, 200): {("cancelled", "refunded")},
}


async def paid(arena: Arena, sarah: Specialist, count: int) -> list[tuple[Client, Any]]:
    """So many bookings that wait for their specialist."""
    first = sarah.at("mon 00:00")
    people = arena.crowd[:count]
    bookings = await asyncio.gather(
        *(
            one.books(sarah, first + timedelta(minutes=30 * n), payment_method="pm_sandbox_visa")
            for n, one in enumerate(people)
        )
    )
    return list(zip(people, bookings, strict=True))


async def after(who: Client, booking: Any) -> tuple[str, str]:
    seen = (await who.get(f"/bookings/{booking['id']}")).json
    return seen["status"], seen["payment"]["status"]


async def test_confirming_against_cancelling(arena: Arena) -> None:
    sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
    bookings = await paid(arena, sarah, PAIRS)
    deadlocks = await arena.deadlocks()
    acts = []
    for number, (anna, booking) in enumerate(bookings):
        # The specialist sits at the other replica.
        desk = Specialist(arena.crowd[number + 1].http, id=sarah.id, token=sarah.token)
        acts += [
            desk.post(f"/bookings/{booking['id']}/confirm"),
            anna.post(f"/bookings/{booking['id']}/cancel"),
        ]
    replies: list[Reply] = await all_at_once(acts)
    seen: Counter[tuple[int, int]] = Counter()
    for number, (anna, booking) in enumerate(bookings):
        yes, no = replies[2 * number], replies[2 * number + 1]
        assert (yes.status, no.status) in LEGAL, (yes.json, no.json)
        seen[yes.status, no.status] += 1
        state = await after(anna, booking)
        assert state in LEGAL[yes.status, no.status]
        if yes.status == 200:
            assert yes.json["status"] in {"confirmed", state[0]}
        if no.status == 200:
            assert no.json["status"] == "cancelled"
        for refused in (yes, no):
            if refused.status == 409:
                assert refused.code in {
                    "BOOKING_NOT_AWAITING_CONFIRMATION",
                    "PAYMENT_OPERATION_UNDER_WAY",
                }
        reference = await arena.world.value(
            "SELECT provider_reference FROM app.payments WHERE booking_id = $1", booking["id"]
        )
        charge = await arena.world.sandbox.fetch(reference)
        truth = {
            "paid": (ChargeState.PAID, 20_000, 0),
            "refunded": (ChargeState.PAID, 20_000, 20_000),
            "cancelled": (ChargeState.CANCELLED, 0, 0),
        }[state[1]]
        assert (charge.state, charge.captured_minor, charge.refunded_minor) == truth
    print(f"\n(confirm, cancel): {dict(seen)}")
    assert await arena.deadlocks() == deadlocks


async def test_confirming_against_declining(arena: Arena) -> None:
    sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
    bookings = await paid(arena, sarah, 16)
    acts = []
    for number, (_, booking) in enumerate(bookings):
        for line, verb in ((number, "confirm"), (number + 1, "decline")):
            desk = Specialist(arena.crowd[line].http, id=sarah.id, token=sarah.token)
            acts.append(desk.post(f"/bookings/{booking['id']}/{verb}"))
    replies = await all_at_once(acts)
    for number, (anna, booking) in enumerate(bookings):
        yes, no = replies[2 * number], replies[2 * number + 1]
        assert sorted([yes.status, no.status]) == [200, 409], (yes.json, no.json)
        expected = ("confirmed", "paid") if yes.status == 200 else ("declined", "cancelled")
        assert await after(anna, booking) == expected


async def test_claiming_against_expiring(arena: Arena) -> None:
    """Unpaid bookings lapse; at one moment others want their times and the sweep comes by."""
    sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
    first = sarah.at("mon 00:00")
    times = [first + timedelta(minutes=30 * number) for number in range(12)]
    lapsed = await asyncio.gather(
        *(one.books(sarah, at) for one, at in zip(arena.crowd, times, strict=False))
    )
    deadlocks = await arena.deadlocks()
    await arena.world.superuser.execute(
        "UPDATE app.bookings SET expires_at = app.now() WHERE specialist_id = $1", sarah.id
    )
    await arena.world.superuser.execute(
        "UPDATE app.slots SET held_until = app.now() WHERE specialist_id = $1", sarah.id
    )
    claims = [
        one.post("/bookings", sarah.booking(times[number % len(times)]))
        for number, one in enumerate(arena.crowd[20:140])
    ]

    async def sweep() -> None:
        async with arena.world.database.connected("consulta_worker") as connection:
            await connection.execute("SELECT app.cleanup_expired_bookings()")

    replies, *_ = await asyncio.gather(all_at_once(claims), sweep(), sweep())
    outcome = Counter((one.status, one.code) for one in replies)
    assert outcome == {(201, None): 12, (409, "SLOT_TAKEN"): 108}
    ends = await arena.world.rows(
        "SELECT booking_id FROM app.booking_status_history"
        " WHERE specialist_id = $1 AND to_status = 'expired'",
        sarah.id,
    )
    assert sorted(str(row["booking_id"]) for row in ends) == sorted(one["id"] for one in lapsed)
    voids = await arena.world.value(
        "SELECT count(*) FROM app.payment_operations o JOIN app.payments p ON p.id = o.payment_id"
        " WHERE p.specialist_id = $1 AND o.kind = 'cancel'",
        sarah.id,
    )
    assert voids == 12
    assert await arena.deadlocks() == deadlocks


async def test_paying_against_expiring(arena: Arena) -> None:
    """Whoever wins, money and time are on one side."""
    sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
    first = sarah.at("mon 00:00")
    people = arena.crowd[:16]
    bookings = await asyncio.gather(
        *(one.books(sarah, first + timedelta(minutes=30 * n)) for n, one in enumerate(people))
    )
    await arena.world.superuser.execute(
        "UPDATE app.bookings SET expires_at = app.now() WHERE specialist_id = $1", sarah.id
    )
    body = {"payment_method": "pm_sandbox_visa"}

    async def sweep() -> None:
        await asyncio.sleep(0.02)
        async with arena.world.database.connected("consulta_worker") as connection:
            await connection.execute("SELECT app.cleanup_expired_bookings()")

    replies, _ = await asyncio.gather(
        all_at_once(
            [
                one.post(f"/bookings/{booking['id']}/payments", body)
                for one, booking in zip(people, bookings, strict=True)
            ]
        ),
        sweep(),
    )
    assert {one.status for one in replies} <= {201, 409}
    for _ in range(2):
        await arena.world.superuser.execute(
            "UPDATE app.payment_operations SET next_attempt_at = app.now()"
            " WHERE state IN ('pending', 'in_doubt')"
        )
        await arena.world.work_off()
    for anna, booking in zip(people, bookings, strict=True):
        state = await after(anna, booking)
        assert state in {("awaiting_confirmation", "authorized"), ("expired", "cancelled")}
        claim = await arena.world.value(
            "SELECT s.status FROM app.slots s JOIN app.bookings b ON b.slot_id = s.id"
            " WHERE b.id = $1",
            booking["id"],
        )
        assert claim == ("booked" if state[0] == "awaiting_confirmation" else "released")
