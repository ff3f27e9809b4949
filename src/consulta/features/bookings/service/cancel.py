"""Calling a booking off, by the client, the specialist or an admin; and the specialist's no."""

from uuid import UUID

from consulta.features.bookings import access, rules
from consulta.features.bookings.errors import (
    AlreadyCancelled,
    BookingInPast,
    BookingNotAwaiting,
    BookingNotFound,
)
from consulta.features.bookings.queries import LockedBooking, booking_for_update
from consulta.features.bookings.service.leases import lease_of
from consulta.features.bookings.states import Mover, change_status, mover_of
from consulta.features.bookings.status import ENDED, PAST, BookingStatus
from consulta.features.payments import service as payments
from consulta.features.payments.errors import PaymentOperationUnderWay
from consulta.features.payments.queries import Lease
from consulta.kernel.money import Money
from consulta.platform.db.work import Work

_RECORD = """
INSERT INTO app.booking_cancellations (booking_id, specialist_id, client_id, cancelled_by,
    cancelled_by_kind, reason, reason_code, cancellation_policy_applied, refund_percent,
    refund_minor, currency, credit_returned)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


async def cancel(
    work: Work, *, booking_id: UUID, reason: str | None, reason_code: str | None
) -> Lease | None:
    """The booking is cancelled, its span is free, its record stands, and what was reserved or taken
    is about to be released or returned: the leased operation is the caller's to carry out.

    A specialist who cancels what still waits for the own confirmation declines it. Raises
    BookingNotFound, AlreadyCancelled, BookingInPast, PaymentOperationUnderWay.
    """
    booking = await _standing(work, booking_id)
    mover = mover_of(work.actor, specialist_id=booking.specialist_id)
    declines = mover is Mover.SPECIALIST and booking.status is BookingStatus.AWAITING_CONFIRMATION
    target = BookingStatus.DECLINED if declines else BookingStatus.CANCELLED
    return await _end(work, booking, target, reason=reason, reason_code=reason_code)


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
    return await _end(work, booking, BookingStatus.DECLINED, reason=reason, reason_code=reason_code)


async def _standing(work: Work, booking_id: UUID) -> LockedBooking:
    booking = await booking_for_update(work, booking_id)
    if booking is None:
        raise BookingNotFound
    access.ensure_party(work.actor, booking)
    if booking.status in ENDED:
        raise AlreadyCancelled
    if booking.status in PAST or booking.starts_at <= booking.now:
        raise BookingInPast
    # A capture that may have happened decides first (D12).
    if booking.capture_under_way:
        raise PaymentOperationUnderWay
    return booking


async def _end(
    work: Work,
    booking: LockedBooking,
    target: BookingStatus,
    *,
    reason: str | None,
    reason_code: str | None,
) -> Lease | None:
    mover = mover_of(work.actor, specialist_id=booking.specialist_id)
    terms = _terms(booking, by_client=mover is Mover.CLIENT)
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


def _terms(booking: LockedBooking, *, by_client: bool) -> rules.Terms:
    nothing = Money.zero(booking.currency)
    return rules.cancellation_terms(
        policy=booking.policy,
        custom_tiers=booking.policy_tiers,
        by_client=by_client,
        captured=booking.payment.captured if booking.payment else nothing,
        refunded=booking.payment.refunded if booking.payment else nothing,
        has_credit=booking.has_credit,
        is_confirmed=booking.status is BookingStatus.CONFIRMED,
        starts_at=booking.tier_starts_at,
        now=booking.now,
    )


async def _money_back(work: Work, booking: LockedBooking, terms: rules.Terms) -> Lease | None:
    payment = booking.payment
    if payment is None:
        return None
    if payment.captured:
        if not terms.refund:
            return None
        amount_minor = terms.refund.amount_minor
        asked = await payments.request_operation(
            work, payment_id=payment.id, kind="refund", amount_minor=amount_minor
        )
        return lease_of(booking, asked, kind="refund", amount_minor=amount_minor)
    amount_minor = payment.amount.amount_minor
    asked = await payments.request_operation(
        work, payment_id=payment.id, kind="cancel", amount_minor=amount_minor
    )
    return lease_of(booking, asked, kind="cancel", amount_minor=amount_minor)
