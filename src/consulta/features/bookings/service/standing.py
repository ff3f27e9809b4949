"""What a booking that stands would give back: the ground of cancelling, declining and quoting."""

from consulta.features.bookings import access, rules
from consulta.features.bookings.errors import AlreadyCancelled, BookingInPast
from consulta.features.bookings.queries import LockedBooking
from consulta.features.bookings.states import Mover, mover_of
from consulta.features.bookings.status import ENDED, PAST, BookingStatus
from consulta.features.payments.errors import PaymentOperationUnderWay
from consulta.kernel.actor import Actor
from consulta.kernel.money import Money


def ensure_standing(actor: Actor, booking: LockedBooking) -> None:
    """Raises Forbidden, AlreadyCancelled, BookingInPast, PaymentOperationUnderWay: then this actor
    cannot end the booking now.
    """
    access.ensure_party(actor, booking)
    if booking.status in ENDED:
        raise AlreadyCancelled
    if booking.status in PAST or booking.starts_at <= booking.now:
        raise BookingInPast
    # A capture that may have happened decides first (D12).
    if booking.capture_under_way:
        raise PaymentOperationUnderWay


def terms_of(actor: Actor, booking: LockedBooking) -> rules.Terms:
    """What goes back where this actor ends the booking now."""
    nothing = Money.zero(booking.currency)
    return rules.cancellation_terms(
        policy=booking.policy,
        custom_tiers=booking.policy_tiers,
        by_client=mover_of(actor, specialist_id=booking.specialist_id) is Mover.CLIENT,
        captured=booking.payment.captured if booking.payment else nothing,
        returned=booking.payment.returned if booking.payment else nothing,
        has_credit=booking.has_credit,
        is_confirmed=booking.status is BookingStatus.CONFIRMED,
        starts_at=booking.tier_starts_at,
        now=booking.now,
    )
