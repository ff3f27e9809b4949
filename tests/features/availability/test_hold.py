"""Holds: ten minutes for one person or one token, few at a time, and nobody else's to release."""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.features.availability import ledger
from tests.features.availability.door import Person, Refused
from tests.features.availability.ledger import HALF_PAST, MONDAY, NINE, SPECIALIST, TEN

TOKEN = sha256(b"a hold's token").digest()
WRONG = sha256(b"another").digest()


async def test_a_hold_says_what_is_held_and_until_when(api: asyncpg.Connection, rate: UUID) -> None:
    answer = json.loads(
        await Person(api, uuid4()).calls(
            "SELECT app.hold($1, $2, $3, NULL, 10, 3)", SPECIALIST, rate, NINE
        )
    )
    assert UUID(answer.pop("id"))
    left = datetime.fromisoformat(answer.pop("expires_at")) - MONDAY
    assert timedelta(minutes=10) <= left < timedelta(minutes=11)
    assert answer == {
        "specialist_id": str(SPECIALIST),
        "rate_id": str(rate),
        "starts_at": NINE.isoformat(),
        "ends_at": HALF_PAST.isoformat(),
    }


async def test_a_person_has_few_holds_at_a_time(
    office: asyncpg.Connection, api: asyncpg.Connection, rate: UUID
) -> None:
    me, other = Person(api, uuid4()), Person(api, uuid4())
    first = await me.holds(rate, NINE, most=1)
    with pytest.raises(Refused, match="TOO_MANY_HOLDS"):
        await me.holds(rate, TEN, most=1)
    await other.holds(rate, HALF_PAST, most=1)
    assert await me.releases(first)
    await me.holds(rate, TEN, most=1)
    await ledger.travel_to(office, MONDAY + timedelta(minutes=11))
    await me.holds(rate, TEN + timedelta(minutes=30), most=1)


async def test_nobody_needs_a_token_to_hold(api: asyncpg.Connection, rate: UUID) -> None:
    nobody = Person(api)
    with pytest.raises(Refused, match="UNAUTHORIZED"):
        await nobody.holds(rate, NINE)
    held = await nobody.holds(rate, NINE, token=TOKEN)
    for stranger, token in ((nobody, None), (nobody, WRONG), (Person(api, uuid4()), WRONG)):
        assert not await stranger.releases(held, token=token)
    assert await nobody.releases(held, token=TOKEN)
    assert not await nobody.releases(held, token=TOKEN)


async def test_a_stranger_releases_nothing(api: asyncpg.Connection, rate: UUID) -> None:
    held = await Person(api, uuid4()).holds(rate, NINE)
    assert not await Person(api, uuid4()).releases(held)
    assert not await Person(api).releases(held)
    assert not await Person(api, uuid4()).releases(uuid4())


async def test_a_span_that_a_booking_owns_is_no_hold_any_more(
    office: asyncpg.Connection, api: asyncpg.Connection, rate: UUID
) -> None:
    client = Person(api, await ledger.register_client(office))
    booking = await client.calls(
        "SELECT (app.book($1, $2, $3, NULL, NULL, NULL, '{}', 30, 60) ->> 'booking_id')::uuid",
        SPECIALIST,
        rate,
        NINE,
    )
    slot = await office.fetchrow(
        "SELECT s.id, s.status FROM app.slots s JOIN app.bookings b ON b.slot_id = s.id"
        " WHERE b.id = $1",
        booking,
    )
    assert slot["status"] == "held"
    assert not await client.releases(slot["id"])


async def test_a_hold_becomes_the_booking_of_its_person(
    office: asyncpg.Connection, api: asyncpg.Connection, rate: UUID
) -> None:
    client = Person(api, await ledger.register_client(office))
    held = await client.holds(rate, NINE, token=TOKEN)
    await client.calls(
        "SELECT app.book($1, $2, $3, NULL, $4, NULL, '{}', 30, 60)",
        SPECIALIST,
        rate,
        NINE,
        TOKEN,
    )
    spans = await office.fetch("SELECT id FROM app.slots WHERE status IN ('held', 'booked')")
    assert len(spans) == 1
    assert spans[0]["id"] != held
