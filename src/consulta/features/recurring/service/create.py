"""A new series, or what it would be."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from consulta.features.recurring import rules
from consulta.features.recurring.queries.series import Series, calendar_of
from consulta.features.recurring.service.tell import tell
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.platform.db.work import Work

_CREATE = "SELECT app.create_series($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants again and again."""

    specialist_id: UUID
    rate_id: UUID
    client_id: UUID | None
    frequency: str
    start_date: date
    end_date: date | None
    local_time: time
    payment_mode: str
    package_purchase_id: UUID | None
    saved_method_id: UUID | None
    note: str | None


async def create(work: Work, wish: Wish, *, is_dry_run: bool) -> Series:
    """The series stands, active and at its first date still to come; a dry run decides the same
    and writes nothing. One that is paid with a saved card and names none begins to save one: its
    provider is to be called once this has committed.

    Raises SpecialistNotFound, RateNotFound, NotAccepting, StartDateOutOfRange, EndDateOutOfRange,
    SeriesWithoutDates, TooManySeries, CannotBookYourself, ClientNotFound, Forbidden, and what
    speaks against the payment mode.
    """
    calendar = await calendar_of(work, wish.specialist_id)
    if calendar is None:
        raise SpecialistNotFound
    rules.check_start(wish.start_date, today=calendar.today)
    rules.check_end(wish.end_date, start=wish.start_date, today=calendar.today)
    made = await work.fetchval(
        _CREATE,
        wish.specialist_id,
        wish.rate_id,
        wish.client_id,
        wish.frequency,
        wish.start_date,
        wish.end_date,
        wish.local_time,
        wish.payment_mode,
        wish.package_purchase_id,
        wish.saved_method_id,
        wish.note,
        is_dry_run,
    )
    series = Series.of(made)
    if not is_dry_run:
        await tell(work, "created", series)
    return series
