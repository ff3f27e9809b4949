"""What bookings does about facts from payments. Reactions run inside the transaction that locked
calendar, booking and payment, as the service itself.
"""

from consulta.features.bookings import rules
from consulta.features.bookings.queries import (
    LockedBooking,
    booking_for_update,
    confirmation_hours_of,
)
from consulta.features.bookings.states import change_status
from consulta.features.bookings.status import BookingStatus
from consulta.features.payments import service as payments
from consulta.features.payments.events import (
    PaymentAuthorized,
    PaymentCameTooLate,
    PaymentFact,
    PaymentReleased,
    PaymentReturned,
    PaymentTaken,
    SavedCardRefused,
)
from consulta.platform.db.work import Work

_SEAL = "SELECT app.seal_booking($1, $2)"
_RETAKE = "SELECT app.retake_span($1)"
_LEAVE_TIME = """
WITH longer AS (
    UPDATE app.bookings b
    SET expires_at = least(b.starts_at, greatest(b.expires_at, app.now() + $2::interval))
    WHERE b.id = $1
    RETURNING b.slot_id, b.expires_at
)
UPDATE app.slots s SET held_until = l.expires_at
FROM longer l WHERE s.id = l.slot_id AND s.status NOT IN ('booked', 'released')
"""


async def await_confirmation_when_authorized(work: Work, fact: PaymentAuthorized) -> None:
    """The slot is booked and the specialist decides; or, where bookings confirm themselves, the
    money is taken at once. A booking that has lapsed takes its slot again if that is still free;
    if it is not, or the booking has ended otherwise, the money is released.
    """
    booking = await _booking(work, fact)
    if booking is None:
        return
    if booking.status is BookingStatus.PENDING_PAYMENT:
        await _await_confirmation(work, booking, fact, reason="authorised")
    elif booking.status is BookingStatus.EXPIRED and await work.fetchval(_RETAKE, booking.id):
        await _await_confirmation(work, booking, fact, reason="authorised late, time still free")
    else:
        await _void(work, booking)
        _tell_too_late(work, booking)


async def tell_when_money_came_too_late(work: Work, fact: PaymentCameTooLate) -> None:
    """The payer of a booking that has lapsed hears that the money is on its way back."""
    booking = await _booking(work, fact)
    if booking is not None:
        _tell_too_late(work, booking)


async def _await_confirmation(
    work: Work, booking: LockedBooking, fact: PaymentAuthorized, *, reason: str
) -> None:
    deadline = rules.confirmation_deadline(
        now=booking.now,
        hours=await confirmation_hours_of(work, booking.specialist_id),
        starts_at=booking.starts_at,
        capture_before=fact.capture_before,
    )
    await change_status(work, booking, BookingStatus.AWAITING_CONFIRMATION, reason=reason)
    await work.execute(_SEAL, booking.id, deadline)
    if booking.auto_confirm and booking.payment is not None:
        await payments.request_operation(
            work,
            payment_id=fact.payment_id,
            kind="capture",
            amount_minor=booking.payment.authorized_minor,
            leased=False,
        )


async def leave_time_when_card_refused(work: Work, fact: SavedCardRefused) -> None:
    """The span stays held as long as the payer could have paid anyway, and never less than
    `TIME_TO_PAY_OTHERWISE`, unless the session begins before.
    """
    booking = await _booking(work, fact)
    if booking is not None and booking.status is BookingStatus.PENDING_PAYMENT:
        await work.execute(_LEAVE_TIME, booking.id, rules.TIME_TO_PAY_OTHERWISE)


async def confirm_when_taken(work: Work, fact: PaymentTaken) -> None:
    """The money was taken: the booking is confirmed; if it has ended meanwhile, all goes back."""
    booking = await _booking(work, fact)
    if booking is None:
        return
    if booking.status in {BookingStatus.PENDING_PAYMENT, BookingStatus.AWAITING_CONFIRMATION}:
        await change_status(work, booking, BookingStatus.CONFIRMED, reason="paid")
        await work.execute(_SEAL, booking.id, None)
    elif booking.status in {
        BookingStatus.CANCELLED,
        BookingStatus.DECLINED,
        BookingStatus.EXPIRED,
    }:
        await _return_what_is_left(work, booking)
        _tell_too_late(work, booking)


async def expire_when_released(work: Work, fact: PaymentReleased) -> None:
    """The authorisation lapsed, or was released at the provider's own desk: what still waited for
    it is over, and its span is free.
    """
    booking = await _booking(work, fact)
    if booking is None:
        return
    if booking.status in {BookingStatus.PENDING_PAYMENT, BookingStatus.AWAITING_CONFIRMATION}:
        await change_status(work, booking, BookingStatus.EXPIRED, reason="authorisation released")
        await work.execute("SELECT app.release_booking($1)", booking.id)


async def mark_refunded_when_returned(work: Work, fact: PaymentReturned) -> None:
    """A past session whose whole price went back counts as refunded; a cancelled one stays so."""
    booking = await _booking(work, fact) if fact.in_full else None
    if booking is None:
        return
    if booking.status in {BookingStatus.COMPLETED, BookingStatus.NO_SHOW}:
        await change_status(work, booking, BookingStatus.REFUNDED, reason="money returned")


async def _return_what_is_left(work: Work, booking: LockedBooking) -> None:
    # Somebody may have returned a part, or all, at the provider's own desk before we heard of it.
    payment = booking.payment
    left = payment.captured - payment.returned if payment is not None else None
    if payment is not None and left:
        await payments.request_operation(
            work,
            payment_id=payment.id,
            kind="refund",
            amount_minor=left.amount_minor,
            leased=False,
            waits=True,
        )


async def _void(work: Work, booking: LockedBooking) -> None:
    if booking.payment is not None and booking.status not in {
        BookingStatus.AWAITING_CONFIRMATION,
        BookingStatus.CONFIRMED,
    }:
        await work.execute(
            "SELECT app.enqueue_operation($1, 'cancel', $2, NULL, 0)",
            booking.payment.id,
            booking.payment.amount.amount_minor,
        )


def _tell_too_late(work: Work, booking: LockedBooking) -> None:
    """Whoever called it off, or was declined, knows already."""
    if booking.status is BookingStatus.EXPIRED:
        ids = {
            "booking_id": booking.id,
            "specialist_id": booking.specialist_id,
            "client_id": booking.client_id,
        }
        work.send("booking.payment_too_late", ids)


async def _booking(work: Work, fact: PaymentFact) -> LockedBooking | None:
    """The booking that the payment is for; None where it is for something else."""
    if fact.booking_id is None:
        return None
    return await booking_for_update(work, fact.booking_id)
