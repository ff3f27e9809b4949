"""After the session: it was held, or the client stayed away."""

from uuid import UUID

from consulta.features.bookings import access
from consulta.features.bookings.errors import (
    BookingNotConfirmed,
    BookingNotFound,
    BookingNotStarted,
)
from consulta.features.bookings.queries import booking_for_update
from consulta.features.bookings.states import change_status
from consulta.features.bookings.status import BookingStatus
from consulta.platform.db.work import Work


async def complete(work: Work, *, booking_id: UUID) -> None:
    """The session was held. Raises BookingNotFound, Forbidden, BookingNotConfirmed,
    BookingNotStarted.
    """
    await _close(work, booking_id, BookingStatus.COMPLETED)


async def mark_no_show(work: Work, *, booking_id: UUID) -> None:
    """The client stayed away. Raises as `complete` does."""
    await _close(work, booking_id, BookingStatus.NO_SHOW)


async def _close(work: Work, booking_id: UUID, target: BookingStatus) -> None:
    booking = await booking_for_update(work, booking_id)
    if booking is None:
        raise BookingNotFound
    access.ensure_its_specialist(work.actor, booking)
    if booking.status is not BookingStatus.CONFIRMED:
        raise BookingNotConfirmed
    if booking.starts_at > booking.now:
        raise BookingNotStarted
    await change_status(work, booking, target)
