"""Taking the money against calling off against expiring against a provider's letter, three hundred
times: each booking ends in one way, and both sides agree how.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from consulta.providers.payments.port import ChargeState
from tests.conftest import TestDatabase
from tests.races.arena import Arena, all_at_once, running_arena
from tests.world import Client, Reply, Specialist

pytestmark = pytest.mark.slow

ROUNDS = 300
ABREAST = 50
DECIDED = "    PERFORM set_config('app.move_reason', CASE booking.status"
PAUSE = "    PERFORM pg_sleep(0.1);\n"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TRUTH = {
    ("confirmed", "paid"): (ChargeState.PAID, 20_000, 0),
    ("cancelled", "refunded"): (ChargeState.PAID, 20_000, 20_000),
    ("cancelled", "cancelled"): (ChargeState.CANCELLED, 0, 0),
    ("expired", "cancelled"): (ChargeState.CANCELLED, 0, 0),
}
"""What may stand in the end, and what the provider has to say then."""


async def test_one_end_and_both_sides_agree(arena: Arena) -> None:
    sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
    deadlocks = await arena.deadlocks()
    ends: Counter[tuple[str, str]] = Counter()
    async with arena.world.database.connected("consulta_worker") as connection:
        sweeper = Sweeper(connection)
        for first in range(0, ROUNDS, ABREAST):
            bookings = await paid(arena, sarah, first)
            await asyncio.gather(
                *(
                    fought_over(arena, sarah, sweeper, number, one)
                    for number, one in enumerate(bookings)
                )
            )
            await arena.world.work_off("webhooks.letters", "payments.operations")
            for _, booking in bookings:
                ends[await the_end_of(arena, booking)] += 1
    print(f"\n{dict(ends)}")
    assert sum(ends.values()) == ROUNDS
    assert ends.keys() <= TRUTH.keys()
    assert len(ends) > 1, "one side has won every time: that was no race"
    assert await arena.deadlocks() == deadlocks


async def test_without_locks_the_two_sides_part(database: TestDatabase, tmp_path: Path) -> None:
    """The control: the same race on a sabotaged database must go wrong somewhere."""
    async with running_arena(database, people=ABREAST + 1, logs=tmp_path) as arena:
        office = arena.world.superuser
        for name in ("lock_booking", "lock_payment", "expire_booking", "request_operation"):
            body: str = await arena.world.value(
                "SELECT pg_get_functiondef($1::text::regproc)", f"app.{name}"
            )
            assert "FOR UPDATE;" in body
            careless = body.replace("FOR UPDATE;", ";").replace(DECIDED, PAUSE + DECIDED)
            await office.execute(careless)
        await office.execute("DROP INDEX app.uq_payment_operations_capture_or_cancel")
        sarah = await arena.world.specialist(open="sun-sat 00:00-24:00")
        bookings = await paid(arena, sarah, 0)
        async with database.connected("consulta_worker") as connection:
            fights = [
                fought_over(arena, sarah, Sweeper(connection), number, one)
                for number, one in enumerate(bookings)
            ]
            answers = await asyncio.gather(*fights, return_exceptions=True)
        wrong = sum(isinstance(answer, Exception) for answer in answers)
        await arena.world.work_off("webhooks.letters", "payments.operations")
        for _, booking in bookings:
            try:
                await the_end_of(arena, booking)
            except (AssertionError, KeyError):
                wrong += 1
        assert wrong > ABREAST // 10


async def paid(arena: Arena, sarah: Specialist, first: int) -> list[tuple[Client, Any]]:
    """Bookings that wait for their specialist, and are overdue at this moment."""
    begins = sarah.at("mon 00:00")
    people = arena.crowd[:ABREAST]
    times = [begins + timedelta(minutes=30 * (first + number)) for number in range(ABREAST)]
    method = "pm_sandbox_visa"
    bookings = await asyncio.gather(
        *(
            one.books(sarah, at, payment_method=method)
            for one, at in zip(people, times, strict=True)
        )
    )
    await arena.world.superuser.execute(
        "UPDATE app.bookings SET expires_at = app.now()"
        " WHERE specialist_id = $1 AND status = 'awaiting_confirmation'",
        sarah.id,
    )
    return list(zip(people, bookings, strict=True))


class Sweeper:
    """The cron daemon's hand: one booking after the other, as they come."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def expires(self, booking: Any) -> None:
        async with self._turn:
            await self._connection.execute("SELECT app.expire_booking($1)", booking["id"])


async def fought_over(
    arena: Arena, sarah: Specialist, sweeper: Sweeper, number: int, asked: tuple[Client, Any]
) -> None:
    """Everybody wants something of it at once; who begins changes from booking to booking."""
    anna, booking = asked
    desk = Specialist(arena.crowd[number + 1].http, id=sarah.id, token=sarah.token)
    path = f"/bookings/{booking['id']}"
    await asyncio.sleep(0.02 * number)  # One calendar lets one in at a time.
    acts = [
        status_of(desk.post(f"{path}/confirm")),
        status_of(anna.post(f"{path}/cancel")),
        sweeper.expires(booking),
        letter(arena, booking),
    ]
    turned = [acts[(number + turn) % len(acts)] for turn in range(len(acts))]
    for reply in await all_at_once(turned):
        assert reply in {None, 200, 202, 409}


async def status_of(asking: Awaitable[Reply]) -> int:
    return (await asking).status


async def letter(arena: Arena, booking: Any) -> int:
    """The provider tells of the charge as it stands at this moment."""
    charge = await arena.world.sandbox.find(booking["payment"]["id"], created_after=LONG_AGO)
    assert charge is not None
    body, headers = arena.world.sandbox.letter_about(charge)
    answer = await arena.world.http.post("/api/webhooks/sandbox", content=body, headers=headers)
    return answer.status_code


async def the_end_of(arena: Arena, booking: Any) -> tuple[str, str]:
    """Where the booking stands, once nothing is under way any more; the provider says the same."""
    (row,) = await arena.world.rows(
        "SELECT b.status, p.status AS payment, p.provider_reference, s.status AS slot,"
        " (SELECT count(*) FROM app.payment_operations o WHERE o.payment_id = p.id"
        "  AND o.state NOT IN ('done', 'dead')) AS open,"
        " (SELECT count(*) FROM app.booking_status_history h WHERE h.booking_id = b.id"
        "  AND h.to_status IN ('cancelled', 'expired', 'declined')) AS ends"
        " FROM app.bookings b JOIN app.payments p ON p.booking_id = b.id"
        " JOIN app.slots s ON s.id = b.slot_id WHERE b.id = $1",
        booking["id"],
    )
    end = (row["status"], row["payment"])
    charge = await arena.world.sandbox.fetch(row["provider_reference"])
    assert (charge.state, charge.captured_minor, charge.refunded_minor) == TRUTH[end], end
    stands = row["status"] == "confirmed"
    assert (row["open"], row["ends"], row["slot"]) == (
        0,
        0 if stands else 1,
        "booked" if stands else "released",
    )
    return end
