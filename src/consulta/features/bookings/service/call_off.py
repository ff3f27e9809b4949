"""A specialist calls off own bookings: what a bulk answer does with each."""

from uuid import UUID

from consulta.features.bookings import access
from consulta.features.bookings.errors import BookingNotFound
from consulta.features.bookings.queries import booking_for_update
from consulta.features.bookings.service.cancel import cancel
from consulta.features.payments.queries import Lease
from consulta.platform.db.work import Work


async def call_off(
    work: Work, *, booking_id: UUID, reason: str | None, reason_code: str | None
) -> Lease | None:
    """As `cancel`, but never in the name of the client, so that all money goes back. Raises
    `Forbidden` and what `cancel` raises.
    """
    booking = await booking_for_update(work, booking_id)
    if booking is None:
        raise BookingNotFound
    access.ensure_its_specialist(work.actor, booking)
    return await cancel(work, booking_id=booking_id, reason=reason, reason_code=reason_code)
