"""Every select of the calendar, named for what it returns. What is free is the slot engine's word
alone (D2).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.availability.rules import Span
from consulta.platform.db.paging import Page, PageAsked
from consulta.platform.db.work import Work


async def time_zone_of(work: Work, specialist_id: UUID) -> str | None:
    """The zone of a page that the actor may see; None where there is none."""
    zone: str | None = await work.fetchval(_TIME_ZONE, specialist_id)
    return zone


async def rules_of(work: Work, specialist_id: UUID) -> list[asyncpg.Record]:
    """The week as the actor may see it: inactive hours are their owner's alone."""
    return await work.fetch(_RULES, specialist_id)


async def exceptions_of(
    work: Work, specialist_id: UUID, *, first: date | None, last: date | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """Dates that differ, without the reasons: from today on unless said otherwise."""
    return await _exceptions(work, _EXCEPTIONS, specialist_id, first, last, page)


async def own_exceptions(
    work: Work, *, first: date | None, last: date | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """The actor's dates that differ, and why."""
    return await _exceptions(work, _OWN_EXCEPTIONS, work.person, first, last, page)


async def own_exception(work: Work, exception_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(_OWN_EXCEPTION, exception_id, work.person)


async def own_exceptions_named(work: Work, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """The actor's dates with these ids, the earliest first."""
    return await work.fetch(_OWN_NAMED, ids, work.person)


async def own_range(work: Work, range_id: UUID) -> list[asyncpg.Record]:
    """The actor's dates that were made together, the earliest first."""
    return await work.fetch(_OWN_RANGE, range_id, work.person)


async def sessions_affected(
    work: Work,
    *,
    first: date,
    last: date,
    hours: tuple[bool, int | None, int | None],
    limit: int,
) -> list[asyncpg.Record]:
    """Live sessions in the actor's calendar that such exceptions would leave out of the hours,
    each with `affected_count`. What a booking is, only the database knows here.
    """
    return await work.fetch(_AFFECTED, work.person, first, last, *hours, limit)


async def own_exceptions_ahead(work: Work) -> int:
    """How many dates that differ lie ahead in the actor's calendar."""
    count: int = await work.fetchval(_AHEAD, work.person)
    return count


async def free_times(
    work: Work,
    specialist_id: UUID,
    *,
    span: Span,
    rate_id: UUID | None,
    exclude_booking: UUID | None,
    time_zone: str | None,
) -> str | None:
    """The finished JSON of the engine; None where there is no such specialist or rate."""
    statement = _SLOTS_BY_DATE if span.has_dates else _SLOTS
    found: str | None = await work.fetchval(
        statement,
        specialist_id,
        *_edges(span),
        rate_id,
        exclude_booking,
        time_zone,
    )
    return found


async def explanation_of(
    work: Work,
    specialist_id: UUID,
    *,
    at: datetime,
    rate_id: UUID | None,
    exclude_booking: UUID | None,
    time_zone: str | None,
) -> dict[str, Any] | None:
    """Whether that start is offered, and what stands in its way; None where there is no such
    specialist or rate.
    """
    found: dict[str, Any] | None = await work.fetchval(
        _EXPLANATION, specialist_id, at, rate_id, exclude_booking, time_zone
    )
    return found


async def calendars_with_lapsed_holds(
    work: Work, *, limit: int, except_for: Sequence[UUID]
) -> list[UUID]:
    """Specialists with holds that have lapsed and belong to no booking."""
    rows = await work.fetch(_LAPSED, limit, except_for)
    return [row["specialist_id"] for row in rows]


async def is_next_open_older_than(work: Work, moment: datetime) -> bool:
    """Whether any public page's next free time was looked up before that moment, or never."""
    oldest = await work.fetchrow(_LONGEST_UNCHECKED)
    return oldest is not None and (oldest[0] is None or oldest[0] < moment)


def _edges(span: Span) -> tuple[datetime | date | None, ...]:
    if not span.has_dates:
        return span.begins, span.ends
    return tuple(
        part
        for edge in (span.begins, span.ends)
        for part in ((edge, None) if isinstance(edge, datetime) else (None, edge))
    )


async def _exceptions(
    work: Work, statement: str, owner: UUID, first: date | None, last: date | None, page: PageAsked
) -> Page[asyncpg.Record]:
    name = "availability_exceptions"
    after_date, after_id = page.after(name) or (None, None)
    rows = await work.fetch(
        statement,
        owner,
        first,
        last,
        None if after_date is None else date.fromisoformat(after_date),
        after_id,
        page.limit + 1,
    )
    return page.page(name, rows, lambda row: (row["date"], row["id"]))


_TIME_ZONE = "SELECT time_zone FROM app.specialists WHERE id = $1"

_RULES = """
SELECT r.weekday, r.starts_minute, r.ends_minute, r.slot_minutes, r.buffer_minutes,
       r.max_bookings_per_day, r.is_active
FROM app.availability_rules r
WHERE r.specialist_id = $1
ORDER BY r.weekday, r.starts_minute, r.ends_minute, r.id
"""

# A day of grace before today serves every zone of the earth.
_EXCEPTIONS_IN_SPAN = """
WHERE x.specialist_id = $1
  AND x.exception_date >= coalesce($2::date, (app.now() AT TIME ZONE 'UTC')::date - 1)
  AND x.exception_date <= coalesce($3::date, date '2100-12-31')
  AND ($4::date IS NULL OR (x.exception_date, x.id) > ($4::date, $5::uuid))
ORDER BY x.exception_date, x.id
LIMIT $6
"""

_EXCEPTIONS = f"""
SELECT x.id, x.exception_date AS date, x.is_available, x.starts_minute, x.ends_minute
FROM app.specialist_availability_exceptions x
{_EXCEPTIONS_IN_SPAN}
"""

_OWN = """
SELECT x.id, x.exception_date AS date, x.is_available, x.starts_minute, x.ends_minute,
       coalesce(r.reason, 'other') AS reason, r.note, x.range_id
FROM app.specialist_availability_exceptions x
LEFT JOIN app.availability_exception_reasons r
  ON r.exception_id = x.id AND r.specialist_id = x.specialist_id
"""

_OWN_EXCEPTIONS = _OWN + _EXCEPTIONS_IN_SPAN
_OWN_EXCEPTION = _OWN + "WHERE x.id = $1 AND x.specialist_id = $2"

_OWN_NAMED = _OWN + "WHERE x.id = ANY ($1) AND x.specialist_id = $2 ORDER BY x.exception_date"
_OWN_RANGE = _OWN + "WHERE x.range_id = $1 AND x.specialist_id = $2 ORDER BY x.exception_date"
_AFFECTED = "SELECT * FROM app.sessions_affected($1, $2, $3, $4, $5, $6, $7)"

_AHEAD = """
SELECT count(*) FROM app.specialist_availability_exceptions x
WHERE x.specialist_id = $1 AND x.exception_date >= (app.now() AT TIME ZONE 'UTC')::date - 1
"""

_SLOTS = "SELECT app.slots_json($1, $2, $3, $4, $5, $6)"

_EXPLANATION = "SELECT app.explain_slot($1, $2, $3, $4, $5)"

# A date is the calendar's in the zone that the reader asked for, else in the specialist's.
_SLOTS_BY_DATE = """
SELECT app.slots_json(s.id,
    coalesce($2::timestamptz, $3::date::timestamp AT TIME ZONE coalesce($8, s.time_zone)),
    coalesce($4::timestamptz, ($5::date + 1)::timestamp AT TIME ZONE coalesce($8, s.time_zone)),
    $6, $7, $8)
FROM app.specialists s WHERE s.id = $1
"""

_LAPSED = """
SELECT DISTINCT q.specialist_id
FROM (
    SELECT s.specialist_id FROM app.slots s
    WHERE s.status = 'held' AND s.held_until <= app.now() AND s.specialist_id <> ALL ($2::uuid[])
      AND NOT EXISTS (SELECT FROM app.bookings b WHERE b.slot_id = s.id)
    ORDER BY s.held_until
    LIMIT $1) q
"""

_LONGEST_UNCHECKED = """
SELECT next_open_checked_at FROM app.specialists
WHERE is_verified ORDER BY next_open_checked_at NULLS FIRST LIMIT 1
"""
