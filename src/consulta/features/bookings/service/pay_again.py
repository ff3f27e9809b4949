"""Another method for a payment that was declined or is still waited for."""

from uuid import UUID

from consulta.features.bookings.errors import BookingNotFound, BookingNotUnpaid
from consulta.features.bookings.queries import booking_for_update
from consulta.features.bookings.status import BookingStatus
from consulta.features.payments.errors import PaymentOperationUnderWay
from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import LEASE_SECONDS
from consulta.kernel.errors import Forbidden
from consulta.kernel.money import Money
from consulta.platform.db.work import Work

_PRESENT = "SELECT id, fence FROM app.present_method($1, $2, $3)"


async def pay_again(
    work: Work, *, booking_id: UUID, payment_method: str | None, return_url: str | None
) -> Lease | None:
    """The method will be presented to the same charge, or a new one made where none exists; None
    where no method came and the charge simply goes on waiting.

    Raises BookingNotFound, Forbidden, BookingNotUnpaid, PaymentOperationUnderWay.
    """
    booking = await booking_for_update(work, booking_id)
    if booking is None:
        raise BookingNotFound
    if work.actor.id != booking.client_id:
        raise Forbidden("Only the client pays.")
    payment = booking.payment
    if booking.status is not BookingStatus.PENDING_PAYMENT or payment is None:
        raise BookingNotUnpaid
    if payment_method is None and payment.reference is not None:
        return None
    params = {
        "payment_method": payment_method,
        "return_url": return_url,
        "charge_reference": payment.reference,
    }
    params = {key: value for key, value in params.items() if value}
    row = await work.fetchrow(_PRESENT, payment.id, params, LEASE_SECONDS)
    if row is None or row["id"] is None:
        raise PaymentOperationUnderWay
    work.audit("payment.method_presented", subject_type="payment", subject_id=payment.id)
    return Lease(
        operation_id=row["id"],
        payment_id=payment.id,
        kind="authorize",
        amount=Money(payment.amount.amount_minor, payment.amount.currency),
        provider=payment.provider,
        reference=payment.reference,
        params=params,
        fence=row["fence"],
        attempts=1,
        first_sent_at=booking.now,
        same_error_count=0,
        now=booking.now,
    )
