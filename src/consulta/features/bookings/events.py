"""The facts that bookings announces."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BookingFact:
    booking_id: UUID
    specialist_id: UUID
    client_id: UUID


class BookingRequested(BookingFact):
    """Somebody booked; it may still have to be paid or confirmed."""


class BookingAwaitsConfirmation(BookingFact):
    """The money is reserved, or will be paid by hand: the specialist decides."""


class BookingConfirmed(BookingFact):
    """The session will take place; what was owed is taken."""


class BookingDeclined(BookingFact):
    """The specialist said no."""


class BookingCancelled(BookingFact):
    """A party, or an admin, called it off."""


class BookingExpired(BookingFact):
    """Its time ran out before it was paid or confirmed."""


class BookingCompleted(BookingFact):
    """The session took place."""


class ClientDidNotShow(BookingFact):
    """The client stayed away."""


class BookingRefunded(BookingFact):
    """All money for a past session went back."""


@dataclass(frozen=True, slots=True)
class BookingRescheduled(BookingFact):
    """The session takes place at another time; `moved_by` is client, specialist or admin."""

    revision: int
    moved_by: str
    from_starts_at: datetime
    to_starts_at: datetime


@dataclass(frozen=True, slots=True)
class ProposalFact(BookingFact):
    proposal_id: UUID
    starts_at: datetime


class TimeProposed(ProposalFact):
    """The specialist asked the client for another time; the booking stands where it did."""


class ProposalDeclined(ProposalFact):
    """The client does not want the proposed time."""
