"""Adding and removing dates that differ."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.availability import queries
from consulta.features.availability.errors import (
    ExceptionNotFound,
    SpecialistNotFound,
    TooManyExceptions,
)
from consulta.features.availability.schemas import (
    MOST_AFFECTED,
    AvailabilityExceptionCreate,
    ExceptionsMadeOut,
    ImpactOut,
    OwnAvailabilityExceptionOut,
)
from consulta.features.availability.service.lock import lock_calendar
from consulta.platform.db.work import Work

MOST_AHEAD = 1000

_ADD = """
INSERT INTO app.specialist_availability_exceptions
    (specialist_id, exception_date, is_available, starts_minute, ends_minute, range_id)
SELECT $1, d.day, $3, $4, $5, $6 FROM unnest($2::date[]) d (day)
RETURNING id
"""
_EXPLAIN = """
INSERT INTO app.availability_exception_reasons (exception_id, specialist_id, reason, note)
SELECT e.id, $2, $3, $4 FROM unnest($1::uuid[]) e (id)
"""
_REMOVE = """
DELETE FROM app.specialist_availability_exceptions WHERE id = ANY ($1) AND specialist_id = $2
"""
_PUBLIC = ("date", "is_available", "starts_minute", "ends_minute")


async def impact_of(work: Work, body: AvailabilityExceptionCreate) -> ImpactOut:
    """Which bookings it would meet at this moment; nothing is written. Raises `SpecialistNotFound`
    without a page.
    """
    if await queries.time_zone_of(work, work.person) is None:
        raise SpecialistNotFound
    return await _impact(work, body)


async def add_exceptions(work: Work, body: AvailabilityExceptionCreate) -> ExceptionsMadeOut:
    """The dates differ from now on. Bookings that they meet stand and are told: whoever booked
    before is among them, and whoever comes later is refused.

    Raises `SpecialistNotFound` without a page, and `TooManyExceptions`.
    """
    await lock_calendar(work, specialist_id=work.person)
    dates = body.dates()
    if await queries.own_exceptions_ahead(work) + len(dates) > MOST_AHEAD:
        raise TooManyExceptions
    impact = await _impact(work, body)
    rows = await _added(work, body)
    items = [OwnAvailabilityExceptionOut.of(row) for row in rows]
    # The reason may be about somebody's health: the log says that there was one, not which.
    work.audit(
        "availability_exception_added",
        subject_type="availability_exception",
        subject_id=items[0].id,
        new=_for_audit(rows),
    )
    return ExceptionsMadeOut(
        **items[0].model_dump(),
        items=items,
        affected_bookings=impact.affected_bookings,
        affected_count=impact.affected_count,
    )


async def remove_exception(work: Work, *, exception_id: UUID, whole_range: bool) -> None:
    """The date is as the week says again, or all that were made together with it. Raises
    `ExceptionNotFound`.
    """
    known = await queries.own_exception(work, exception_id)
    if known is None:
        raise ExceptionNotFound
    await lock_calendar(work, specialist_id=work.person)
    rows = [known]
    if whole_range and known["range_id"] is not None:
        rows = await queries.own_range(work, known["range_id"])
    if not await work.execute(_REMOVE, [row["id"] for row in rows], work.person):
        raise ExceptionNotFound
    work.audit(
        "availability_exception_removed",
        subject_type="availability_exception",
        subject_id=exception_id,
        old=_for_audit(rows),
    )


async def _impact(work: Work, body: AvailabilityExceptionCreate) -> ImpactOut:
    rows = await queries.sessions_affected(
        work, first=body.date, last=body.last, hours=body.hours(), limit=MOST_AFFECTED
    )
    return ImpactOut.of_rows(rows)


async def _added(work: Work, body: AvailabilityExceptionCreate) -> list[asyncpg.Record]:
    dates = body.dates()
    range_id = await work.fetchval("SELECT app.new_id()") if len(dates) > 1 else None
    made = await work.fetch(_ADD, work.person, dates, *body.hours(), range_id)
    ids = [row["id"] for row in made]
    await work.execute(_EXPLAIN, ids, work.person, str(body.reason), body.note)
    return await queries.own_exceptions_named(work, ids)


def _for_audit(rows: Sequence[asyncpg.Record]) -> dict[str, Any]:
    said = {name: rows[0][name] for name in _PUBLIC}
    return said if len(rows) == 1 else said | {"end_date": rows[-1]["date"]}
