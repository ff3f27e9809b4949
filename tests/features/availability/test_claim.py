"""Claims: what is listed can be booked and nothing else; released, moved and replaced in order."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.conftest import TestDatabase
from tests.features.availability import ledger, oracle
from tests.features.availability.door import Person, Refused, claim, live_spans
from tests.features.availability.ledger import (
    HALF_PAST,
    MONDAY,
    NINE,
    NINE_TO_TWELVE,
    OTHER_SPECIALIST,
    SPECIALIST,
    TEN,
)
from tests.features.availability.oracle import Slot
from tests.features.availability.strategies import situations
from tests.features.availability.test_engine import Situation


async def status_of(connection: asyncpg.Connection, slot: UUID) -> str:
    status: str = await connection.fetchval("SELECT status FROM app.slots WHERE id = $1", slot)
    return status


async def revision(connection: asyncpg.Connection) -> int:
    count: int = await connection.fetchval(
        "SELECT revision FROM app.calendars WHERE specialist_id = $1", SPECIALIST
    )
    return count


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(situation=situations(), data=st.data())
async def test_what_is_listed_can_be_claimed_and_nothing_else(
    office: asyncpg.Connection, rate: UUID, situation: Situation, data: st.DataObject
) -> None:
    calendar, [question, *_], now = situation
    question = oracle.Question(question.earliest, question.before, question.minutes)
    assume(calendar.verified and calendar.accepting and calendar.rules)
    listed = {slot.starts_at: slot for slot in oracle.open_slots(calendar, question, now=now)}
    asked = data.draw(st.lists(st.sampled_from([*listed, *_near(question.earliest)]), max_size=5))
    everything = office.transaction()
    await everything.start()
    try:
        await ledger.write(office, calendar)
        await ledger.offer_rate(office, minutes=question.minutes)
        await ledger.travel_to(office, now)
        for starts_at in asked:
            exactly = oracle.Question(starts_at, starts_at + timedelta.resolution, question.minutes)
            offered = oracle.open_slots(calendar, exactly, now=now)
            assert await _claimed_for_a_moment(office, rate, starts_at) == offered
    finally:
        await everything.rollback()


async def _claimed_for_a_moment(
    office: asyncpg.Connection, rate: UUID, starts_at: datetime
) -> list[Slot]:
    """What a claim of that start takes, undone at once; empty if it is refused."""
    attempt = office.transaction()
    await attempt.start()
    try:
        claimed = await claim(office, rate, starts_at)
        return [
            Slot(
                claimed["session_starts_at"],
                claimed["session_ends_at"],
                claimed["starts_at"],
                claimed["ends_at"],
                await office.fetchval(
                    "SELECT ($1::timestamptz AT TIME ZONE time_zone)::date FROM app.specialists"
                    " WHERE id = $2",
                    starts_at,
                    SPECIALIST,
                ),
            )
        ]
    except Refused:
        return []
    finally:
        await attempt.rollback()


def _near(earliest: datetime) -> list[datetime]:
    return [earliest + timedelta(minutes=15 * quarter) for quarter in range(96)]


async def test_neighbours_can_both_be_claimed(worker: asyncpg.Connection, rate: UUID) -> None:
    await claim(worker, rate, NINE)
    await claim(worker, rate, HALF_PAST)
    assert await live_spans(worker) == [(NINE, HALF_PAST), (HALF_PAST, TEN)]


async def test_a_claim_moves_the_revision_of_the_calendar(
    worker: asyncpg.Connection, rate: UUID
) -> None:
    before = await revision(worker)
    claimed = await claim(worker, rate, NINE)
    assert await revision(worker) == before + 1
    await worker.execute("SELECT app.release($1)", claimed["id"])
    assert await revision(worker) == before + 2


async def test_releasing_twice_is_releasing_once(worker: asyncpg.Connection, rate: UUID) -> None:
    claimed = await claim(worker, rate, NINE)
    assert await worker.fetchval("SELECT app.release($1)", claimed["id"])
    assert not await worker.fetchval("SELECT app.release($1)", claimed["id"])
    assert not await worker.fetchval("SELECT app.release($1)", uuid4())
    await claim(worker, rate, NINE)


async def test_the_own_claim_does_not_block_and_is_released(
    worker: asyncpg.Connection, rate: UUID
) -> None:
    own = await claim(worker, rate, NINE)
    again = await claim(worker, rate, NINE, own_slot=own["id"])
    assert await status_of(worker, own["id"]) == "released"
    assert await status_of(worker, again["id"]) == "booked"
    with pytest.raises(Refused, match="SLOT_TAKEN"):
        await claim(worker, rate, NINE)


async def test_a_claim_elsewhere_is_nobodys_own(
    office: asyncpg.Connection, worker: asyncpg.Connection, rate: UUID
) -> None:
    await ledger.open_practice(office, OTHER_SPECIALIST)
    await ledger.write(office, NINE_TO_TWELVE, OTHER_SPECIALIST)
    other_rate = await ledger.offer_rate(office, specialist=OTHER_SPECIALIST)
    elsewhere = await claim(worker, other_rate, NINE, specialist=OTHER_SPECIALIST)
    await claim(worker, rate, NINE, own_slot=elsewhere["id"])
    assert await status_of(worker, elsewhere["id"]) == "booked"


async def test_a_lapsed_hold_is_replaced(
    database: TestDatabase, office: asyncpg.Connection, worker: asyncpg.Connection, rate: UUID
) -> None:
    async with database.connected("consulta_api") as connection:
        held = await Person(connection, uuid4()).holds(rate, NINE)
    with pytest.raises(Refused, match="SLOT_TAKEN"):
        await claim(worker, rate, NINE)
    await ledger.travel_to(office, MONDAY + timedelta(minutes=11))
    await claim(worker, rate, NINE)
    assert await status_of(worker, held) == "released"
    assert await live_spans(worker) == [(NINE, HALF_PAST)]


async def test_an_unpaid_booking_in_the_way_expires(
    database: TestDatabase, office: asyncpg.Connection, worker: asyncpg.Connection, rate: UUID
) -> None:
    client = await ledger.register_client(office)
    async with database.connected("consulta_api") as connection:
        booking = await Person(connection, client).calls(
            "SELECT (app.book($1, $2, $3, NULL, NULL, NULL, '{}', 30, 60) ->> 'booking_id')::uuid",
            SPECIALIST,
            rate,
            NINE,
        )
    with pytest.raises(Refused, match="SLOT_TAKEN"):
        await claim(worker, rate, NINE)
    await ledger.travel_to(office, MONDAY + timedelta(minutes=31))
    await claim(worker, rate, NINE)
    assert await live_spans(worker) == [(NINE, HALF_PAST)]
    status = await office.fetchval("SELECT status FROM app.bookings WHERE id = $1", booking)
    assert status == "expired"


async def test_a_move_keeps_the_state_and_frees_the_old_span(
    worker: asyncpg.Connection, rate: UUID
) -> None:
    old = await claim(worker, rate, NINE)
    new = await worker.fetchrow("SELECT * FROM app.move($1, $2, $3)", old["id"], rate, TEN)
    assert (new["status"], new["session_starts_at"]) == ("booked", TEN)
    assert await status_of(worker, old["id"]) == "released"


async def test_a_move_may_overlap_its_own_old_span(
    office: asyncpg.Connection, worker: asyncpg.Connection
) -> None:
    longer = await ledger.offer_rate(office, kind="long", minutes=60)
    old = await claim(worker, longer, NINE)
    await worker.execute("SELECT app.move($1, $2, $3)", old["id"], longer, HALF_PAST)
    assert await live_spans(worker) == [(HALF_PAST, HALF_PAST + timedelta(hours=1))]


async def test_a_refused_move_changes_nothing(worker: asyncpg.Connection, rate: UUID) -> None:
    old = await claim(worker, rate, NINE)
    await claim(worker, rate, TEN)
    before = await live_spans(worker), await revision(worker)
    with pytest.raises(asyncpg.PostgresError, match="SLOT_TAKEN"):
        await worker.execute("SELECT app.move($1, $2, $3)", old["id"], rate, TEN)
    assert (await live_spans(worker), await revision(worker)) == before


async def test_a_released_claim_cannot_be_moved(worker: asyncpg.Connection, rate: UUID) -> None:
    old = await claim(worker, rate, NINE)
    await worker.execute("SELECT app.release($1)", old["id"])
    with pytest.raises(asyncpg.PostgresError, match="SLOT_NOT_FOUND"):
        await worker.execute("SELECT app.move($1, $2, $3)", old["id"], rate, TEN)


@pytest.mark.parametrize(
    "call",
    [
        "app.claim($1, $1, now(), 'booked', NULL, NULL, NULL, NULL)",
        "app.move($1, $1, now())",
        "app.release($1)",
        "app.clear_the_way($1, now(), now(), $1)",
        "app.open_slots($1, now(), now(), 30, NULL, now())",
        "app.cleanup_orphaned_slots() WHERE $1::uuid IS NOT NULL",
        "app.refresh_next_open(1) WHERE $1::uuid IS NOT NULL",
    ],
)
async def test_people_cannot_open_the_inner_doors(
    database: TestDatabase, office: asyncpg.Connection, call: str
) -> None:
    async with database.connected("consulta_api") as connection:
        for person in (Person(connection), Person(connection, uuid4())):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await person.calls(f"SELECT {call}", SPECIALIST)


async def test_the_constraint_has_the_last_word(office: asyncpg.Connection, rate: UUID) -> None:
    """Even the superuser's own insert cannot put two claims on one span."""
    insert = (
        "INSERT INTO app.slots (specialist_id, starts_at, ends_at, session_starts_at,"
        " session_ends_at, status) VALUES ($1, $2, $3, $2, $3, 'booked')"
    )
    await office.execute(insert, SPECIALIST, NINE, TEN)
    with pytest.raises(asyncpg.ExclusionViolationError) as caught:
        await office.execute(insert, SPECIALIST, HALF_PAST, TEN)
    assert caught.value.constraint_name == "slots_no_overlap_excl"
