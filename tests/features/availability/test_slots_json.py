"""The list of free times as people get it: finished JSON, in their zone, of what is public."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.features.availability import ledger
from tests.features.availability.door import Person
from tests.features.availability.ledger import OTHER_SPECIALIST, SPECIALIST
from tests.features.availability.oracle import Calendar, Rule

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DUBAI = Calendar("Asia/Dubai", rules=[Rule(day, 540, 600) for day in range(7)])
LIST = "SELECT app.slots_json($1, $2, $3, $4, $5, $6)"


@pytest.fixture
async def office(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    async with database.connected() as connection:
        await ledger.open_practice(connection)
        await ledger.write(connection, DUBAI)
        await ledger.travel_to(connection, NOON)
        yield connection


async def listed(person: Person, **asked: Any) -> Any:
    text = await person.calls(
        LIST,
        asked.get("specialist", SPECIALIST),
        asked.get("earliest"),
        asked.get("before"),
        asked.get("rate"),
        asked.get("exclude"),
        asked.get("zone"),
    )
    return None if text is None else json.loads(text)


async def test_times_are_rfc_3339_in_the_readers_zone_with_the_specialists_date(
    api: asyncpg.Connection,
) -> None:
    tomorrow = NOON + timedelta(days=1)
    assert await listed(Person(api), before=tomorrow, zone="America/New_York") == {
        "time_zone": "America/New_York",
        "items": [
            {
                "starts_at": "2026-06-02T01:00:00-04:00",
                "ends_at": "2026-06-02T01:30:00-04:00",
                "local_date": "2026-06-02",
            },
            {
                "starts_at": "2026-06-02T01:30:00-04:00",
                "ends_at": "2026-06-02T02:00:00-04:00",
                "local_date": "2026-06-02",
            },
        ],
    }


async def test_the_zone_is_the_specialists_unless_said_otherwise(api: asyncpg.Connection) -> None:
    found = await listed(Person(api))
    assert found["time_zone"] == "Asia/Dubai"
    assert found["items"][0]["starts_at"] == "2026-06-02T09:00:00+04:00"
    assert len(found["items"]) == 28


async def test_asking_leaves_the_session_in_its_own_zone(api: asyncpg.Connection) -> None:
    async with api.transaction():
        await api.execute("SET LOCAL ROLE consulta_anonymous")
        await api.execute(LIST, SPECIALIST, None, None, None, None, "Asia/Kathmandu")
        assert await api.fetchval("SHOW timezone") == "UTC"


async def test_an_unknown_zone_is_an_error_with_a_code_of_its_own(api: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await listed(Person(api), zone="Mars/Olympus_Mons")


async def test_no_free_time_is_an_empty_list(
    office: asyncpg.Connection, api: asyncpg.Connection
) -> None:
    await ledger.write(office, Calendar("Asia/Dubai", rules=DUBAI.rules, accepting=False))
    assert await listed(Person(api)) == {"time_zone": "Asia/Dubai", "items": []}


async def test_the_standard_rate_sets_the_length_where_none_is_named(
    office: asyncpg.Connection, api: asyncpg.Connection
) -> None:
    assert len((await listed(Person(api)))["items"]) == 28
    await ledger.offer_rate(office, minutes=60)
    assert len((await listed(Person(api)))["items"]) == 14
    short = await ledger.offer_rate(office, kind="followup", minutes=15)
    assert (await listed(Person(api), rate=short))["items"][0]["ends_at"].startswith(
        "2026-06-02T09:15:00"
    )
    await office.execute("UPDATE app.specialist_rates SET is_active = false")
    assert len((await listed(Person(api)))["items"]) == 28


async def test_hidden_and_absent_look_the_same(
    office: asyncpg.Connection, api: asyncpg.Connection
) -> None:
    nobody = Person(api)
    assert await listed(nobody, specialist=uuid4()) is None
    assert await listed(nobody, rate=uuid4()) is None
    await ledger.open_practice(office, OTHER_SPECIALIST)
    others = await ledger.offer_rate(office, specialist=OTHER_SPECIALIST)
    assert await listed(nobody, rate=others) is None
    idle = await ledger.offer_rate(office, kind="idle")
    await office.execute("UPDATE app.specialist_rates SET is_active = false WHERE id = $1", idle)
    assert await listed(nobody, rate=idle) is None
    await ledger.write(office, Calendar("Asia/Dubai", rules=DUBAI.rules, verified=False))
    assert await listed(nobody) is None


async def test_only_a_party_may_leave_a_booking_out(
    office: asyncpg.Connection, api: asyncpg.Connection
) -> None:
    rate = await ledger.offer_rate(office)
    client = Person(api, await ledger.register_client(office))
    starts_at = datetime(2026, 6, 2, 5, tzinfo=UTC)
    booking: UUID = await client.calls(
        "SELECT (app.book($1, $2, $3, NULL, NULL, NULL, '{}', 30, 60) ->> 'booking_id')::uuid",
        SPECIALIST,
        rate,
        starts_at,
    )
    for person, free in (
        (client, 28),
        (Person(api, SPECIALIST), 28),
        (Person(api, uuid4()), 27),
        (Person(api), 27),
    ):
        assert len((await listed(person, exclude=booking))["items"]) == free
    assert len((await listed(client))["items"]) == 27


@pytest.mark.parametrize("reader", ["consulta_worker", "consulta_admin"])
async def test_staff_may_ask_too(
    database: TestDatabase, office: asyncpg.Connection, reader: str
) -> None:
    async with database.connected(reader) as connection:
        assert await connection.fetchval(LIST, SPECIALIST, None, None, None, None, None)
