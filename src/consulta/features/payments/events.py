"""The facts that payments announces; whoever sells something reacts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """Something happened to a payment: of a booking, or of the purchase of a package."""

    payment_id: UUID
    booking_id: UUID | None
    purchase_id: UUID | None


@dataclass(frozen=True, slots=True)
class PaymentAuthorized(PaymentFact):
    """The money is reserved, until `capture_before` where the provider names an end."""

    capture_before: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentTaken(PaymentFact):
    """The money was taken."""

    captured_minor: int


@dataclass(frozen=True, slots=True)
class PaymentReleased(PaymentFact):
    """The authorisation is gone, or the attempt was given up: no money moved, and none will."""


@dataclass(frozen=True, slots=True)
class PaymentReturned(PaymentFact):
    """Money went back; `in_full` where nothing of it is left with us."""

    refunded_minor: int
    in_full: bool


@dataclass(frozen=True, slots=True)
class SavedCardRefused(PaymentFact):
    """The saved card that was to pay did not: the payer has to pay otherwise."""


@dataclass(frozen=True, slots=True)
class PaymentDisputed(PaymentFact):
    """The payer disputes the charge at the bank."""


@dataclass(frozen=True, slots=True)
class PaymentCameTooLate(PaymentFact):
    """Money was reserved or taken after the payment had been given up: it is on its way back."""
