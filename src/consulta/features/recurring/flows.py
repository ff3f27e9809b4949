"""Use cases of series that need more than one transaction: what follows a commit, and calling
bookings off, which moves money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from starlette.responses import Response

from consulta.features.bookings import service as bookings
from consulta.features.bookings.errors import AlreadyCancelled, BookingNotFound
from consulta.features.payments import flows as payments
from consulta.features.payments.flows import Till
from consulta.features.recurring import schemas, service
from consulta.features.recurring.errors import DateMissing, SeriesNotFound
from consulta.features.recurring.queries import series as queries
from consulta.features.recurring.queries.series import Series
from consulta.features.recurring.rules import (
    MOST_CANCELLED_AT_ONCE,
    MOST_OCCURRENCES,
    MOST_PREVIEWED,
    MOST_UPCOMING,
)
from consulta.features.recurring.schemas import Scope
from consulta.features.recurring.service.dispatch import DispatchTerms, dispatch
from consulta.features.saved_methods import flows as saved_methods
from consulta.kernel.actor import Actor
from consulta.kernel.errors import DomainError
from consulta.platform.db.work import Database, Work
from consulta.platform.failures import code_of, report
from consulta.platform.http.idempotency import Once


@dataclass(frozen=True, slots=True)
class Desk:
    """What a flow of series needs: the till, and how dates are dispatched."""

    till: Till
    terms: DispatchTerms

    @property
    def database(self) -> Database:
        return self.till.database


async def create(
    desk: Desk, actor: Actor, once: Once, body: schemas.SeriesCreate
) -> Response | schemas.SeriesPreview:
    """201 with the series, whose first dates have been dispatched where their time has come. A dry
    run answers the dates ahead, writes nothing and does not use up the key.
    """
    if body.dry_run:
        async with desk.database.read(actor) as work:
            return await _preview(work, await _create(work, body), is_new=True)
    async with desk.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
        series_id = beginning.subject_id
        if series_id is None:
            series_id = (await _create(work, body)).id
            once.made(work, series_id)
    if body.payment_mode == "saved_card":
        await _set_up_card(desk, actor, series_id)
    await _dispatch_at_once(desk, series_id, body.specialist_id)
    async with desk.database.work(actor) as work:
        answer = (await shown(desk.till, work, series_id)).model_dump_json().encode()
        return once.finish(work, subject_id=series_id, status_code=201, answer=answer)


async def change(
    desk: Desk, actor: Actor, series_id: UUID, body: schemas.SeriesPatch
) -> schemas.SeriesChanged | schemas.SeriesPreview:
    """The series as the body makes it, for the dates without a booking; bookings that stand are
    named.
    """
    opened = desk.database.read if body.dry_run else desk.database.work
    async with opened(actor) as work:
        series = await service.change(
            work,
            series_id=series_id,
            changes=body.changes(),
            revision=body.revision,
            is_dry_run=body.dry_run,
        )
        if body.dry_run:
            return await _preview(work, series, is_new=False)
        standing = await _standing(work, series_id)
    await _dispatch_at_once(desk, series_id, series.specialist_id)
    async with desk.database.read(actor) as work:
        seen = await shown(desk.till, work, series_id)
    return schemas.SeriesChanged(
        **seen.model_dump(), unchanged_bookings=schemas.standing_of(standing)
    )


async def resume(desk: Desk, actor: Actor, series_id: UUID) -> schemas.SeriesOut:
    """The series goes on, and its next date is dispatched where its time has come."""
    async with desk.database.work(actor) as work:
        series = await service.resume(work, series_id=series_id)
    await _dispatch_at_once(desk, series_id, series.specialist_id)
    async with desk.database.read(actor) as work:
        return await shown(desk.till, work, series_id)


async def end(
    till: Till, actor: Actor, series_id: UUID, *, scope: Scope, on_date: date | None
) -> schemas.SeriesEndedOut:
    """The date is left out, or the series ends, and the bookings concerned are called off, each by
    its own policy and in its own transaction: what could not be is said, and asking again goes on
    where this ended.

    Raises DateMissing, SeriesNotFound, SeriesDateNotFound, and for one date alone whatever a
    cancellation is refused for.
    """
    if on_date is None and scope is not Scope.ALL:
        raise DateMissing
    async with till.database.work(actor) as work:
        if scope is Scope.ONE:
            assert on_date is not None, "checked above"
            found = await service.leave_out(work, series_id=series_id, on_date=on_date)
            concerned = [found] if found is not None else []
        else:
            before = on_date if scope is Scope.FOLLOWING else None
            await service.end(work, series_id=series_id, before=before)
            concerned = [row["id"] for row in await _standing(work, series_id, before)]
    ended = [
        await _call_off(till, actor, booking_id, must=scope is Scope.ONE)
        for booking_id in concerned
    ]
    async with till.database.read(actor) as work:
        seen = await shown(till, work, series_id)
    return schemas.SeriesEndedOut(
        **seen.model_dump(),
        bookings=ended,
        is_complete=len(concerned) < MOST_CANCELLED_AT_ONCE
        and all(one.outcome != "not_cancelled" for one in ended),
    )


async def shown(till: Till, work: Work, series_id: UUID) -> schemas.SeriesOut:
    """The series as its reader sees it. Raises `SeriesNotFound`."""
    row = await queries.series(work, series_id)
    if row is None:
        raise SeriesNotFound
    card = row["saved_method_id"]
    return schemas.series_out(
        row,
        saved_method=await saved_methods.shown(till, work, card) if card is not None else None,
        occurrences=await queries.occurrences_of(work, series_id, limit=MOST_OCCURRENCES),
        upcoming=await queries.upcoming_dates(work, series_id, limit=MOST_UPCOMING),
    )


async def _preview(work: Work, proposed: Series, *, is_new: bool) -> schemas.SeriesPreview:
    calendar = await queries.calendar_of(work, proposed.specialist_id)
    has_dates = proposed.next_booking_date is not None
    return schemas.preview_of(
        proposed,
        time_zone=calendar.time_zone if calendar is not None else None,
        dates=await queries.dates_ahead(work, proposed, limit=MOST_PREVIEWED, is_new=is_new)
        if has_dates
        else [],
        standing=[] if is_new else await _standing(work, proposed.id),
    )


async def _standing(
    work: Work, series_id: UUID, dated_from: date | None = None
) -> Sequence[schemas.Row]:
    return await queries.live_bookings_of(
        work, series_id, dated_from=dated_from, limit=MOST_CANCELLED_AT_ONCE
    )


async def _call_off(
    till: Till, actor: Actor, booking_id: UUID, *, must: bool
) -> schemas.EndedBooking:
    outcome, code = "cancelled", None
    try:
        async with till.database.work(actor) as work:
            lease = await bookings.cancel(
                work, booking_id=booking_id, reason=_REASON, reason_code=None
            )
        if lease is not None:
            # Where this fails, the lease lapses and the worker finishes it.
            await payments.perform(till, lease)
    except AlreadyCancelled:
        outcome = "already_cancelled"
    except DomainError as error:
        if must:
            raise
        outcome, code = "not_cancelled", code_of(error)
    async with till.database.read(actor) as work:
        row = await queries.ended_booking(work, booking_id)
    if row is None:
        raise BookingNotFound
    return schemas.ended_booking_of(row, outcome=outcome, code=code)


async def _set_up_card(desk: Desk, actor: Actor, series_id: UUID) -> None:
    """The provider was asked to save the card of the series, if that has not been done."""
    async with desk.database.read(actor) as work:
        series = await queries.series(work, series_id)
    if series is not None and series["saved_method_id"] is not None:
        await saved_methods.call_for(desk.till, series["saved_method_id"])


async def _dispatch_at_once(desk: Desk, series_id: UUID, specialist_id: UUID) -> None:
    """What is due of the series is booked or skipped now; where that fails, the next run of the
    dispatcher does it.
    """
    try:
        async with desk.database.work(_DISPATCHER) as work:
            # A dispatch waits for no calendar; here somebody waits for the answer.
            await work.execute("SELECT app.lock_calendar($1)", specialist_id)
            await dispatch(work, [series_id], terms=desk.terms)
    except Exception as error:  # noqa: BLE001 - the series stands, whatever became of its dates
        report(error, during=_DISPATCHER.name, series=series_id)


async def _create(work: Work, body: schemas.SeriesCreate) -> Series:
    said = body.model_dump(exclude={"dry_run", "local_time"})
    return await service.create(
        work,
        service.Wish(**said, local_time=time.fromisoformat(body.local_time)),
        is_dry_run=body.dry_run,
    )


_DISPATCHER = Actor.system("recurring.at_once")
_REASON = "The series, or this date of it, was called off."
