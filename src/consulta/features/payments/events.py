"""The facts that payments announces; whoever sells something reacts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentAuthorized:
    """The money is reserved, until `capture_before` where the provider names an end."""

    payment_id: UUID
    booking_id: UUID
    capture_before: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentTaken:
    """The money was taken."""

    payment_id: UUID
    booking_id: UUID
    captured_minor: int


@dataclass(frozen=True, slots=True)
class PaymentReleased:
    """The authorisation is gone, or the attempt was given up: no money moved, and none will."""

    payment_id: UUID
    booking_id: UUID


@dataclass(frozen=True, slots=True)
class PaymentReturned:
    """Money went back; `in_full` where nothing of it is left with us."""

    payment_id: UUID
    booking_id: UUID
    refunded_minor: int
    in_full: bool


@dataclass(frozen=True, slots=True)
class PaymentDisputed:
    """The payer disputes the charge at the bank."""

    payment_id: UUID
    booking_id: UUID
