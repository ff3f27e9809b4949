"""The specialist says yes to a series, once for all its dates (D13)."""

from contextlib import suppress
from uuid import UUID

from consulta.features.bookings import service as bookings
from consulta.features.payments.errors import PaymentOperationUnderWay
from consulta.features.recurring import access
from consulta.features.recurring.errors import SeriesNotFound
from consulta.features.recurring.queries import series as queries
from consulta.features.recurring.queries.series import Series
from consulta.features.recurring.rules import MOST_OCCURRENCES
from consulta.features.recurring.service.tell import tell
from consulta.features.recurring.service.turn import turn
from consulta.platform.db.work import Work


async def accept(work: Work, *, series_id: UUID) -> None:
    """Its bookings wait for no confirmation any more, and those that wait for nothing else are
    confirmed. Raises SeriesNotFound, Forbidden, SeriesEnded.
    """
    stands = await queries.series(work, series_id)
    if stands is None:
        raise SeriesNotFound
    access.ensure_may_accept(work.actor, specialist_id=stands["specialist_id"])
    was, series, changed = await turn(work, series_id, "accept")
    if changed:
        await tell(work, "accepted", series, was=was)
    await _confirm_waiting(work, series_id)


async def accept_by_confirming(work: Work, *, booking_id: UUID) -> None:
    """Where that confirmation was the specialist's yes to a whole series, it is accepted. The
    caller has the calendar's lock.
    """
    accepted = await work.fetchval("SELECT app.accept_series_of($1)", booking_id)
    if accepted is not None:
        await tell(work, "accepted", Series.of(accepted))
        await _confirm_waiting(work, UUID(accepted["id"]))


async def _confirm_waiting(work: Work, series_id: UUID) -> None:
    waiting = await queries.bookings_awaiting_a_yes(work, series_id, limit=MOST_OCCURRENCES)
    for booking_id in waiting:
        # Where money that was handed over is being written down, that confirms the booking; two of
        # them would else refuse each other for ever.
        with suppress(PaymentOperationUnderWay):
            await bookings.confirm(work, booking_id=booking_id)
