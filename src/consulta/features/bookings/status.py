"""The names of a booking's states, in the spelling that frontends know."""

from enum import StrEnum


class BookingStatus(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"
    REFUNDED = "refunded"


ENDED = frozenset(
    {
        BookingStatus.CANCELLED,
        BookingStatus.DECLINED,
        BookingStatus.EXPIRED,
        BookingStatus.REFUNDED,
    }
)
"""Bookings that do not stand any more."""

PAST = frozenset({BookingStatus.COMPLETED, BookingStatus.NO_SHOW})
"""Sessions that are over."""
