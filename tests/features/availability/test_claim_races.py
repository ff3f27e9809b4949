"""Twenty people, one slot: one gets it, nobody deadlocks; without lock and constraint many do."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.features.availability import ledger
from tests.features.availability.door import Person, Refused, live_spans
from tests.features.availability.ledger import NINE

PEOPLE = 20
LOCK = "    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = p_specialist FOR UPDATE;\n"
CLEARING = "    PERFORM app.clear_the_way("


@pytest.fixture
async def people(database: TestDatabase, office: asyncpg.Connection) -> AsyncIterator[list[Person]]:
    async with AsyncExitStack() as stack:
        yield [
            Person(await stack.enter_async_context(database.connected("consulta_api")), uuid4())
            for _ in range(PEOPLE)
        ]


async def race(people: Sequence[Person], rate: UUID, starts: Sequence[datetime]) -> Counter[str]:
    """Everybody at once: how often it was held, and how often refused with which code."""
    ready = asyncio.Barrier(len(people))

    async def one(person: Person, starts_at: datetime) -> str:
        await ready.wait()
        try:
            await person.holds(rate, starts_at, most=1000)
        except Refused as refusal:
            return refusal.code
        return "held"

    turns = zip(people, starts, strict=True)
    return Counter(await asyncio.gather(*(one(person, at) for person, at in turns)))


def are_apart(spans: Sequence[tuple[datetime, datetime]]) -> bool:
    return all(one[1] <= other[0] for one, other in pairwise(spans))


async def deadlocks(connection: asyncpg.Connection) -> int:
    await connection.execute("SELECT pg_stat_force_next_flush()")
    count: int = await connection.fetchval(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    return count


async def test_one_of_twenty_gets_the_slot(
    office: asyncpg.Connection, people: list[Person]
) -> None:
    rate = await ledger.offer_rate(office)
    before = await deadlocks(office)
    for day in range(5):
        starts_at = NINE + timedelta(days=day)
        assert await race(people, rate, [starts_at] * PEOPLE) == {
            "held": 1,
            "SLOT_TAKEN": PEOPLE - 1,
        }
    assert len(await live_spans(office)) == 5
    assert await deadlocks(office) == before


async def test_overlapping_wishes_leave_sessions_apart_and_no_room_unused(
    office: asyncpg.Connection, people: list[Person]
) -> None:
    """Sessions of an hour on a grid of half hours: whoever is refused overlaps whoever was not."""
    rate = await ledger.offer_rate(office, minutes=60)
    wishes = [NINE + timedelta(minutes=30 * (number % 5)) for number in range(PEOPLE)]
    outcome = await race(people, rate, wishes)
    spans = await live_spans(office)
    assert are_apart(spans)
    assert outcome == {"held": len(spans), "SLOT_TAKEN": PEOPLE - len(spans)}
    hour = timedelta(hours=1)
    assert all(any(start < wish + hour and wish < end for start, end in spans) for wish in wishes)


async def test_neighbours_do_not_disturb_each_other(
    office: asyncpg.Connection, people: list[Person]
) -> None:
    rate = await ledger.offer_rate(office)
    wishes = [NINE + timedelta(minutes=30 * number) for number in range(6)]
    assert await race(people[:6], rate, wishes) == {"held": 6}


async def test_one_person_never_holds_more_than_allowed(
    office: asyncpg.Connection, people: list[Person]
) -> None:
    rate = await ledger.offer_rate(office)
    me = uuid4()
    mine = [Person(person.connection, me) for person in people[:6]]

    async def one(person: Person, number: int) -> str:
        try:
            await person.holds(rate, NINE + timedelta(minutes=30 * number), most=2)
        except Refused as refusal:
            return refusal.code
        return "held"

    outcome = Counter(await asyncio.gather(*(one(person, n) for n, person in enumerate(mine))))
    assert outcome == {"held": 2, "TOO_MANY_HOLDS": 4}


async def test_without_lock_and_constraint_slots_are_sold_twice(
    office: asyncpg.Connection, people: list[Person]
) -> None:
    """The control: the same race on a sabotaged database must go wrong."""
    rate = await ledger.offer_rate(office)
    body: str = await office.fetchval("SELECT pg_get_functiondef('app.claim'::regproc)")
    assert LOCK in body
    await office.execute(body.replace(LOCK, ""))
    # Between the look at what is free and the claim there is time for everybody.
    body = await office.fetchval("SELECT pg_get_functiondef('app.claim_span'::regproc)")
    assert CLEARING in body
    await office.execute(body.replace(CLEARING, f"    PERFORM pg_sleep(0.05);\n{CLEARING}"))
    await office.execute("ALTER TABLE app.slots DROP CONSTRAINT slots_no_overlap_excl")
    doubled = 0
    for day in range(5):
        outcome = await race(people, rate, [NINE + timedelta(days=day)] * PEOPLE)
        doubled += outcome["held"] > 1
    assert doubled == 5
    assert not are_apart(await live_spans(office))
