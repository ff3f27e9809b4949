"""From an operation that was asked for to the lease under which it is carried out."""

from consulta.features.bookings.queries import LockedBooking
from consulta.features.payments.queries import Lease
from consulta.features.payments.service import Asked
from consulta.kernel.money import Money


def lease_of(booking: LockedBooking, asked: Asked, *, kind: str, amount_minor: int) -> Lease:
    """The lease of an operation on the live payment of `booking`, which was asked for just now."""
    payment = booking.payment
    assert payment is not None, "an operation has a payment"
    return Lease(
        operation_id=asked.operation_id,
        payment_id=asked.payment_id,
        kind=kind,
        amount=Money(amount_minor, payment.amount.currency),
        provider=payment.provider,
        reference=payment.reference,
        params={},
        fence=asked.fence,
        attempts=1,
        first_sent_at=booking.now,
        same_error_count=0,
        now=booking.now,
    )
