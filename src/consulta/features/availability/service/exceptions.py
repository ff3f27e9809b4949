"""Adding and removing dates that differ."""

from uuid import UUID

from consulta.features.availability import queries
from consulta.features.availability.errors import ExceptionNotFound, TooManyExceptions
from consulta.features.availability.schemas import (
    AvailabilityExceptionCreate,
    OwnAvailabilityExceptionOut,
)
from consulta.features.availability.service.lock import lock_calendar
from consulta.platform.db.work import Work

MOST_AHEAD = 1000

_ADD = """
INSERT INTO app.specialist_availability_exceptions
    (specialist_id, exception_date, is_available, starts_minute, ends_minute)
VALUES ($1, $2, $3, $4, $5)
RETURNING id
"""
_EXPLAIN = """
INSERT INTO app.availability_exception_reasons (exception_id, specialist_id, reason, note)
VALUES ($1, $2, $3, $4)
"""
_REMOVE = """
DELETE FROM app.specialist_availability_exceptions WHERE id = $1 AND specialist_id = $2
"""
_PUBLIC = ("date", "is_available", "starts_minute", "ends_minute")


async def add_exception(
    work: Work, body: AvailabilityExceptionCreate
) -> OwnAvailabilityExceptionOut:
    """The date differs from now on; bookings on it stand. Raises `SpecialistNotFound` without a
    page, and `TooManyExceptions`.
    """
    await lock_calendar(work, specialist_id=work.person)
    if await queries.own_exceptions_ahead(work) >= MOST_AHEAD:
        raise TooManyExceptions
    exception_id = await work.fetchval(_ADD, work.person, *body.values())
    await work.execute(_EXPLAIN, exception_id, work.person, str(body.reason), body.note)
    row = await queries.own_exception(work, exception_id)
    assert row is not None
    # The reason may be about somebody's health: the log says that there was one, not which.
    work.audit(
        "availability_exception_added",
        subject_type="availability_exception",
        subject_id=exception_id,
        new={name: row[name] for name in _PUBLIC},
    )
    return OwnAvailabilityExceptionOut.of(row)


async def remove_exception(work: Work, *, exception_id: UUID) -> None:
    """The date is as the week says again. Raises `ExceptionNotFound`."""
    row = await queries.own_exception(work, exception_id)
    if row is None:
        raise ExceptionNotFound
    await lock_calendar(work, specialist_id=work.person)
    if not await work.execute(_REMOVE, exception_id, work.person):
        raise ExceptionNotFound
    work.audit(
        "availability_exception_removed",
        subject_type="availability_exception",
        subject_id=exception_id,
        old={name: row[name] for name in _PUBLIC},
    )
