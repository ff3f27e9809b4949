"""Writes an oracle's calendar into the database, and asks the engine the oracle's questions."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import md5
from uuid import UUID

import asyncpg

from tests.features.availability.oracle import Calendar, Claim, Question, Rule, Slot
from tests.features.availability.oracle_reasons import Start

SPECIALIST = UUID("0193f000-0000-7000-8000-000000000001")
OTHER_SPECIALIST = UUID("0193f000-0000-7000-8000-000000000002")

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
NINE, HALF_PAST, TEN = (MONDAY + timedelta(minutes=minute) for minute in (540, 570, 600))
NINE_TO_TWELVE = Calendar("UTC", rules=[Rule(day, 540, 720) for day in range(7)])


async def open_practice(connection: asyncpg.Connection, specialist: UUID = SPECIALIST) -> None:
    """A verified specialist without hours; any earlier one with that id is used again. The house's
    terms stand, as they do where the service has started.
    """
    await connection.execute(
        "INSERT INTO app.house_terms (default_provider, card_savers) VALUES ('sandbox', '{}')"
        " ON CONFLICT DO NOTHING"
    )
    await connection.execute(
        "INSERT INTO app.users (id, email, role) VALUES ($1, $2, 'specialist')"
        " ON CONFLICT DO NOTHING",
        specialist,
        f"{specialist}@practice.test",
    )
    await connection.execute(
        "INSERT INTO app.specialists (id, full_name, time_zone, is_verified, verified_at)"
        " VALUES ($1, 'Dr. Slot', 'UTC', true, now()) ON CONFLICT DO NOTHING",
        specialist,
    )


async def write(
    connection: asyncpg.Connection, calendar: Calendar, specialist: UUID = SPECIALIST
) -> None:
    """The specialist has exactly this calendar."""
    await connection.execute(_PAGE, specialist, *_page(calendar))
    await connection.execute(
        "DELETE FROM app.availability_rules WHERE specialist_id = $1", specialist
    )
    await connection.execute(
        "DELETE FROM app.specialist_availability_exceptions WHERE specialist_id = $1", specialist
    )
    await connection.execute("DELETE FROM app.slots WHERE specialist_id = $1", specialist)
    await connection.executemany(
        "INSERT INTO app.availability_rules (specialist_id, weekday, starts_minute, ends_minute,"
        " slot_minutes, buffer_minutes, max_bookings_per_day, is_active)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (specialist, r.weekday, r.opens, r.closes, r.slot, r.buffer, r.cap, r.active)
            for r in calendar.rules
        ],
    )
    await connection.executemany(
        "INSERT INTO app.specialist_availability_exceptions"
        " (specialist_id, exception_date, is_available, starts_minute, ends_minute)"
        " VALUES ($1, $2, $3, $4, $5)",
        [(specialist, x.day, x.available, x.opens, x.closes) for x in calendar.exclusions],
    )
    await connection.executemany(
        "INSERT INTO app.slots (id, specialist_id, starts_at, ends_at, session_starts_at,"
        " session_ends_at, status, held_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(slot_id(c.key, specialist), specialist, *_claim(c)) for c in calendar.claims],
    )


_PAGE = """
UPDATE app.specialists SET time_zone = $2, buffer_before_minutes = $3, minimum_notice_minutes = $4,
    horizon_days = $5, is_verified = $6, verified_at = CASE WHEN $6 THEN now() END,
    is_accepting = $7
WHERE id = $1
"""


def _page(calendar: Calendar) -> tuple[object, ...]:
    return (
        calendar.zone,
        calendar.buffer_before,
        calendar.notice,
        calendar.horizon,
        calendar.verified,
        calendar.accepting,
    )


def _claim(claim: Claim) -> tuple[object, ...]:
    return (
        claim.starts_at,
        claim.ends_at,
        claim.session_starts_at,
        claim.session_ends_at,
        claim.status,
        claim.held_until,
    )


def slot_id(key: int, specialist: UUID = SPECIALIST) -> UUID:
    return UUID(md5(f"{specialist}-{key}".encode(), usedforsecurity=False).hexdigest())


async def ask(
    connection: asyncpg.Connection, questions: Sequence[Question], *, now: datetime
) -> list[list[Slot]]:
    """The engine's answers, set-wise in one statement, in the questions' order."""
    asked = json.dumps(
        [
            {
                "number": number,
                "specialist": str(SPECIALIST),
                "earliest": question.earliest.isoformat(),
                "before": question.before.isoformat(),
                "minutes": question.minutes,
                "excluded": None if question.excluded is None else str(slot_id(question.excluded)),
            }
            for number, question in enumerate(questions)
        ]
    )
    rows = await connection.fetch(_ASK, asked, now)
    answers: list[list[Slot]] = [[] for _ in questions]
    for number, *values in rows:
        answers[number].append(Slot(*values))
    return answers


_ASK = """
SELECT q.number, o.starts_at, o.ends_at, o.claim_starts_at, o.claim_ends_at, o.local_date
FROM jsonb_to_recordset($1::jsonb) AS q (number integer, specialist uuid, earliest timestamptz,
        before timestamptz, minutes integer, excluded uuid)
CROSS JOIN LATERAL app.open_slots(
    q.specialist, q.earliest, q.before, q.minutes, q.excluded, $2) AS o
ORDER BY q.number, o.starts_at
"""


async def explain(
    connection: asyncpg.Connection, starts: Sequence[Start]
) -> list[tuple[bool, list[str]]]:
    """For each start whether the engine offers it now, and the reasons against it."""
    asked = json.dumps(
        [
            {
                "number": number,
                "at": start.at.isoformat(),
                "minutes": start.minutes,
                "excluded": None if start.excluded is None else str(slot_id(start.excluded)),
            }
            for number, start in enumerate(starts)
        ]
    )
    rows = await connection.fetch(_EXPLAIN, SPECIALIST, asked)
    return [tuple(row) for row in rows]


_EXPLAIN = """
SELECT EXISTS (
           SELECT FROM app.open_slots(
               $1, q.at, q.at + interval '1 microsecond', q.minutes, q.excluded, app.now())),
       app.slot_reasons($1, q.minutes, q.at, q.excluded)
FROM jsonb_to_recordset($2::jsonb) AS q (
    number integer, at timestamptz, minutes integer, excluded uuid)
ORDER BY q.number
"""


async def travel_to(connection: asyncpg.Connection, moment: datetime) -> None:
    """From here on `app.now()` is that moment: exactly, within the present transaction."""
    await connection.execute("UPDATE testing.clock SET ahead = $1 - pg_catalog.now()", moment)


async def offer_rate(
    connection: asyncpg.Connection,
    *,
    specialist: UUID = SPECIALIST,
    kind: str = "standard",
    minutes: int | None = None,
) -> UUID:
    """An active rate of that specialist; minutes None: the slot length."""
    rate: UUID = await connection.fetchval(
        "INSERT INTO app.specialist_rates (specialist_id, kind, name, price_minor, currency,"
        " duration_minutes) VALUES ($1, $2, 'A session', 20000, 'USD', $3)"
        " ON CONFLICT (specialist_id, kind) DO UPDATE SET duration_minutes = $3 RETURNING id",
        specialist,
        kind,
        minutes,
    )
    return rate


async def register_client(connection: asyncpg.Connection) -> UUID:
    client: UUID = await connection.fetchval(
        "INSERT INTO app.users (email, role) VALUES (gen_random_uuid() || '@client.test', 'client')"
        " RETURNING id"
    )
    return client
