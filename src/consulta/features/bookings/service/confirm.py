"""The specialist says yes: what is reserved will be taken, and then the booking is confirmed."""

from uuid import UUID

from consulta.features.bookings import access
from consulta.features.bookings.errors import BookingInPast, BookingNotAwaiting, BookingNotFound
from consulta.features.bookings.queries import booking_for_update
from consulta.features.bookings.service.leases import lease_of
from consulta.features.bookings.states import change_status
from consulta.features.bookings.status import BookingStatus
from consulta.features.payments import service as payments
from consulta.features.payments.errors import PaymentOperationUnderWay
from consulta.features.payments.queries import Lease
from consulta.platform.db.work import Work


async def confirm(work: Work, *, booking_id: UUID) -> Lease | None:
    """The booking is confirmed where nothing is owed online; otherwise the capture is leased to the
    caller, and the booking is confirmed by its success: "confirmed" means captured (D12).

    Raises BookingNotFound, Forbidden, BookingNotAwaiting, BookingInPast, PaymentOperationUnderWay.
    """
    booking = await booking_for_update(work, booking_id)
    if booking is None:
        raise BookingNotFound
    access.ensure_its_specialist(work.actor, booking)
    if booking.status is not BookingStatus.AWAITING_CONFIRMATION:
        raise BookingNotAwaiting
    if booking.starts_at <= booking.now:
        raise BookingInPast
    if booking.capture_under_way:
        raise PaymentOperationUnderWay
    payment = booking.payment
    if payment is None or payment.provider == "manual":
        await change_status(work, booking, BookingStatus.CONFIRMED)
        return None
    amount_minor = payment.authorized_minor
    asked = await payments.request_operation(
        work, payment_id=payment.id, kind="capture", amount_minor=amount_minor
    )
    return lease_of(booking, asked, kind="capture")
