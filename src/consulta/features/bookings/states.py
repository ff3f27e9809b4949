"""The states of a booking, the legal moves between them, and the one door through which it moves.

The database's trigger holds the same table (`app.booking_moves()`), so that no SQL breaks it.
"""

from enum import StrEnum
from uuid import UUID

from consulta.features.bookings import events
from consulta.features.bookings.errors import AlreadyCancelled
from consulta.features.bookings.queries import LockedBooking
from consulta.features.bookings.status import BookingStatus
from consulta.kernel.actor import Actor, Role
from consulta.kernel.transitions import IllegalMove, Transitions
from consulta.platform.db.work import Work
from consulta.platform.metrics import BOOKINGS


class Mover(StrEnum):
    CLIENT = "client"
    SPECIALIST = "specialist"
    ADMIN = "admin"
    SYSTEM = "system"


_C, _S, _A, _W = Mover.CLIENT, Mover.SPECIALIST, Mover.ADMIN, Mover.SYSTEM

MOVES: Transitions[BookingStatus, Mover] = Transitions(
    {
        (BookingStatus.PENDING_PAYMENT, BookingStatus.AWAITING_CONFIRMATION): {_W},
        (BookingStatus.PENDING_PAYMENT, BookingStatus.CONFIRMED): {_W},
        (BookingStatus.PENDING_PAYMENT, BookingStatus.EXPIRED): {_W},
        (BookingStatus.PENDING_PAYMENT, BookingStatus.CANCELLED): {_C, _S, _A},
        (BookingStatus.AWAITING_CONFIRMATION, BookingStatus.CONFIRMED): {_S, _A, _W},
        (BookingStatus.AWAITING_CONFIRMATION, BookingStatus.DECLINED): {_S, _A},
        (BookingStatus.AWAITING_CONFIRMATION, BookingStatus.CANCELLED): {_C, _A},
        (BookingStatus.AWAITING_CONFIRMATION, BookingStatus.EXPIRED): {_W},
        # Paid a little late, and the time was still free.
        (BookingStatus.EXPIRED, BookingStatus.AWAITING_CONFIRMATION): {_W},
        (BookingStatus.CONFIRMED, BookingStatus.CANCELLED): {_C, _S, _A},
        (BookingStatus.CONFIRMED, BookingStatus.COMPLETED): {_S, _A, _W},
        (BookingStatus.CONFIRMED, BookingStatus.NO_SHOW): {_S, _A},
        (BookingStatus.COMPLETED, BookingStatus.REFUNDED): {_W},
        (BookingStatus.NO_SHOW, BookingStatus.REFUNDED): {_W},
    }
)

_ANNOUNCEMENT: dict[BookingStatus, type[events.BookingFact]] = {
    BookingStatus.AWAITING_CONFIRMATION: events.BookingAwaitsConfirmation,
    BookingStatus.CONFIRMED: events.BookingConfirmed,
    BookingStatus.DECLINED: events.BookingDeclined,
    BookingStatus.CANCELLED: events.BookingCancelled,
    BookingStatus.EXPIRED: events.BookingExpired,
    BookingStatus.COMPLETED: events.BookingCompleted,
    BookingStatus.NO_SHOW: events.ClientDidNotShow,
    BookingStatus.REFUNDED: events.BookingRefunded,
}


def mover_of(actor: Actor, *, specialist_id: UUID) -> Mover:
    """As what this actor moves a booking of that specialist."""
    if actor.role is Role.SYSTEM:
        return Mover.SYSTEM
    if actor.role is Role.ADMIN:
        return Mover.ADMIN
    return Mover.SPECIALIST if actor.id == specialist_id else Mover.CLIENT


async def change_status(
    work: Work, booking: LockedBooking, to: BookingStatus, *, reason: str | None = None
) -> None:
    """The only place where a booking's status is assigned. `booking` is locked by the caller.

    Raises `AlreadyCancelled` for a move that the table does not have; callers who can say more
    precisely why not, have said so before.
    """
    mover = mover_of(work.actor, specialist_id=booking.specialist_id)
    try:
        MOVES.check(booking.status, to, mover)
    except IllegalMove as error:
        raise AlreadyCancelled(f"A booking that is {booking.status} cannot become {to}.") from error
    if reason is not None:
        await work.explain_move(reason)
    await work.execute("UPDATE app.bookings SET status = $2 WHERE id = $1", booking.id, to)
    BOOKINGS.labels(to).inc()
    work.audit(
        f"booking.{to}",
        subject_type="booking",
        subject_id=booking.id,
        old={"status": booking.status},
        new={"status": to},
    )
    ids = {
        "booking_id": booking.id,
        "specialist_id": booking.specialist_id,
        "client_id": booking.client_id,
    }
    work.send(f"booking.{to}", ids)
    await work.announce(_ANNOUNCEMENT[to](**ids))
