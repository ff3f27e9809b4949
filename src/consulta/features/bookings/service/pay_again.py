"""Another method for a payment that was declined or is still waited for."""

from uuid import UUID

from consulta.features.bookings.errors import BookingNotFound, BookingNotUnpaid
from consulta.features.bookings.queries import booking_for_update
from consulta.features.bookings.status import BookingStatus
from consulta.features.payments import service as payments
from consulta.features.payments.queries import Lease
from consulta.kernel.errors import Forbidden
from consulta.platform.db.work import Work


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
    return await payments.present_method(
        work,
        payment_id=payment.id,
        provider=payment.provider,
        account=payment.account,
        reference=payment.reference,
        amount=payment.amount,
        payment_method=payment_method,
        return_url=return_url,
        now=booking.now,
    )
