"""Calling a booking off, by the client, the specialist or an admin; and the specialist's no."""

from uuid import UUID

from consulta.features.bookings import access, rules
from consulta.features.bookings.errors import BookingNotAwaiting, BookingNotFound
from consulta.features.bookings.queries import LockedBooking, booking_for_update
from consulta.features.bookings.service.leases import lease_of
from consulta.features.bookings.service.quote import QuoteShown, terms_quoted
from consulta.features.bookings.service.standing import ensure_standing, terms_of
from consulta.features.bookings.states import Mover, change_status, mover_of
from consulta.features.bookings.status import BookingStatus
from consulta.features.payments import service as payments
from consulta.features.payments.queries import Lease
from consulta.platform.db.work import Work

_RECORD = """
INSERT INTO app.booking_cancellations (booking_id, specialist_id, client_id, cancelled_by,
    cancelled_by_kind, reason, reason_code, cancellation_policy_applied, refund_percent,
    refund_minor, currency, credit_returned)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


async def cancel(
    work: Work,
    *,
    booking_id: UUID,
    reason: str | None,
    reason_code: str | None,
    quote: QuoteShown | None = None,
) -> Lease | None:
    """The booking is cancelled, its span is free, its record stands, and what was reserved or taken
    is about to be released or returned: the leased operation is the caller's to carry out.

    A specialist who cancels what still waits for the own confirmation declines it. With a quote,
    its terms apply, whatever tier has passed meanwhile. Raises BookingNotFound, AlreadyCancelled,
    BookingInPast, PaymentOperationUnderWay, QuoteInvalid, QuoteExpired, QuoteOutdated.
    """
    booking = await _standing(work, booking_id)
    mover = mover_of(work.actor, specialist_id=booking.specialist_id)
    declines = mover is Mover.SPECIALIST and booking.status is BookingStatus.AWAITING_CONFIRMATION
    target = BookingStatus.DECLINED if declines else BookingStatus.CANCELLED
    terms = (
        terms_of(work.actor, booking) if quote is None else terms_quoted(work.actor, booking, quote)
    )
    return await _end(work, booking, target, terms=terms, reason=reason, reason_code=reason_code)


async def decline(
    work: Work, *, booking_id: UUID, reason: str | None, reason_code: str | None
) -> Lease | None:
    """The specialist does not take the booking: as `cancel`, in full favour of the client.

    Raises BookingNotFound, Forbidden, BookingNotAwaiting, AlreadyCancelled, BookingInPast,
    PaymentOperationUnderWay.
    """
    booking = await _standing(work, booking_id)
    access.ensure_its_specialist(work.actor, booking)
    if booking.status is not BookingStatus.AWAITING_CONFIRMATION:
        raise BookingNotAwaiting
    return await _end(
        work,
        booking,
        BookingStatus.DECLINED,
        terms=terms_of(work.actor, booking),
        reason=reason,
        reason_code=reason_code,
    )


async def _standing(work: Work, booking_id: UUID) -> LockedBooking:
    booking = await booking_for_update(work, booking_id)
    if booking is None:
        raise BookingNotFound
    ensure_standing(work.actor, booking)
    return booking


async def _end(
    work: Work,
    booking: LockedBooking,
    target: BookingStatus,
    *,
    terms: rules.Terms,
    reason: str | None,
    reason_code: str | None,
) -> Lease | None:
    mover = mover_of(work.actor, specialist_id=booking.specialist_id)
    await change_status(work, booking, target, reason=reason)
    await work.execute(
        _RECORD,
        booking.id,
        booking.specialist_id,
        booking.client_id,
        work.person,
        mover,
        reason,
        reason_code,
        terms.policy_applied,
        terms.refund_percent,
        terms.refund.amount_minor,
        booking.currency,
        terms.credit_returned,
    )
    await work.execute("SELECT app.release_booking($1)", booking.id)
    return await _money_back(work, booking, terms)


async def _money_back(work: Work, booking: LockedBooking, terms: rules.Terms) -> Lease | None:
    payment = booking.payment
    if payment is None:
        return None
    if payment.captured:
        # What was handed over is handed back: the record says how much, its specialist that it was.
        if not terms.refund or payment.provider == "manual":
            return None
        asked = await payments.request_operation(
            work,
            payment_id=payment.id,
            kind="refund",
            amount_minor=terms.refund.amount_minor,
            waits=True,
        )
        return lease_of(booking, asked, kind="refund") if asked.is_leased else None
    asked = await payments.request_operation(
        work, payment_id=payment.id, kind="cancel", amount_minor=payment.amount.amount_minor
    )
    return lease_of(booking, asked, kind="cancel")
