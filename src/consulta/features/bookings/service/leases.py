"""From an operation that was asked for to the lease under which it is carried out."""

from consulta.features.bookings.queries import LockedBooking
from consulta.features.payments.queries import Lease
from consulta.features.payments.service import Asked


def lease_of(booking: LockedBooking, asked: Asked, *, kind: str) -> Lease:
    """The lease of an operation on the live payment of `booking`, which was asked for just now."""
    payment = booking.payment
    assert payment is not None, "an operation has a payment"
    return asked.lease(
        kind=kind,
        currency=payment.amount.currency,
        provider=payment.provider,
        account=payment.account,
        reference=payment.reference,
        now=booking.now,
    )
