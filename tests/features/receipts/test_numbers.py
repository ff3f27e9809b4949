"""Fifty captures at once, and a third of them come to nothing: the numbers run 1, 2, 3 … without a
gap; from a sequence they do not.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import UUID

import asyncpg
import pytest

from tests.world import Specialist, World

AT_ONCE = 50
_TAKE = "UPDATE app.payments SET status = 'paid', captured_minor = amount_minor WHERE id = $1"
_RETURN = (
    "UPDATE app.payments SET status = 'refunded', refunded_minor = captured_minor WHERE id = $1"
)
_COUNT = "    INSERT INTO app.receipt_counters AS c"
_COUNTED = "RETURNING c.last_number INTO next_number;"


async def owed(world: World, sarah: Specialist, count: int) -> list[UUID]:
    """So many sessions of one specialist with different people, none of them paid."""
    clients = [await world.client(name) for name in ("Anna", "Ben", "Cleo", "Dan", "Eve")]
    times = [
        f"{day} {8 + number // 2:02d}:{number % 2 * 30:02d}"
        for day in ("mon", "tue", "wed")
        for number in range(20)
    ]
    found = []
    for number, when in enumerate(times[:count]):
        booking = await clients[number % len(clients)].books(sarah, when)
        found.append(UUID(booking["payment"]["id"]))
    return found


async def captured_at_once(world: World, payments: Sequence[UUID]) -> int:
    """Everything that was owed is taken at once, past every other lock; each third transaction ends
    without a commit. How many were committed.
    """
    ready = asyncio.Barrier(len(payments))

    async def take(connection: asyncpg.Connection, number: int) -> bool:
        await ready.wait()
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(_TAKE, payments[number])
        if number % 3 == 0:
            await transaction.rollback()
            return False
        await transaction.commit()
        return True

    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(world.database.connected("consulta_worker"))
            for _ in payments
        ]
        for connection in connections:
            await connection.execute("SELECT set_config('role', 'consulta_worker', false)")
        return sum(await asyncio.gather(*(take(c, n) for n, c in enumerate(connections))))


async def numbers(world: World, specialist: Specialist) -> list[int]:
    rows = await world.rows(
        "SELECT number FROM app.receipts WHERE specialist_id = $1 ORDER BY number", specialist.id
    )
    return [row["number"] for row in rows]


@pytest.fixture
async def sarah(world: World) -> Specialist:
    return await world.specialist(open="sun-sat 08:00-18:00", provider="manual")


async def test_numbers_have_no_gaps_whatever_comes_to_nothing(
    world: World, sarah: Specialist
) -> None:
    payments = await owed(world, sarah, AT_ONCE)

    committed = await captured_at_once(world, payments)

    assert committed == AT_ONCE - len(range(0, AT_ONCE, 3))
    assert await numbers(world, sarah) == list(range(1, committed + 1))
    assert await world.value("SELECT last_number FROM app.receipt_counters") == committed
    assert await world.rows("SELECT * FROM app.ledger_mismatches(100)") == []


async def test_over_the_routes_they_have_none_either(world: World, sarah: Specialist) -> None:
    """Some are refused, since others were quicker; what was taken and returned is numbered."""
    payments = await owed(world, sarah, 15)
    ada = await world.admin()

    async def comes_and_goes(payment: UUID) -> int:
        paid = await asyncio.gather(
            *(person.post(f"/payments/{payment}/mark-paid") for person in (sarah, ada))
        )
        back = await sarah.post(f"/payments/{payment}/mark-returned", {"amount_minor": 5_000})
        return sum(reply.status == 200 for reply in (*paid, back))

    done = sum(await asyncio.gather(*(comes_and_goes(payment) for payment in payments)))

    assert done == 2 * len(payments)
    assert await numbers(world, sarah) == list(range(1, done + 1))
    assert await world.rows("SELECT * FROM app.ledger_mismatches(100)") == []


async def test_each_specialist_counts_alone(world: World, sarah: Specialist) -> None:
    omar = await world.specialist("Dr. Omar", open="sun-sat 08:00-18:00", provider="manual")
    for specialist in (sarah, omar):
        for payment in await owed(world, specialist, 2):
            await world.superuser.execute(_TAKE, payment)
            await world.superuser.execute(_RETURN, payment)
    assert await numbers(world, sarah) == await numbers(world, omar) == [1, 2, 3, 4]


async def test_a_sequence_would_leave_gaps(world: World, sarah: Specialist) -> None:
    """The control: the same race with numbers that no lock keeps must go wrong."""
    body: str = await world.value("SELECT pg_get_functiondef('app.issue_receipt'::regproc)")
    before, _, rest = body.partition(_COUNT)
    counted, found, after = rest.partition(_COUNTED)
    assert counted
    assert found
    await world.superuser.execute("CREATE SEQUENCE testing.numbers")
    await world.superuser.execute("GRANT USAGE ON SEQUENCE testing.numbers TO PUBLIC")
    await world.superuser.execute(f"{before}next_number := nextval('testing.numbers');{after}")
    payments = await owed(world, sarah, AT_ONCE)

    committed = await captured_at_once(world, payments)

    found_numbers = await numbers(world, sarah)
    assert len(found_numbers) == committed
    assert found_numbers != list(range(1, committed + 1))
    assert found_numbers[-1] > committed
