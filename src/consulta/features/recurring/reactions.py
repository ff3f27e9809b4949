"""What recurring does about facts from bookings."""

from consulta.features.bookings.events import BookingConfirmed
from consulta.features.recurring import service
from consulta.platform.db.work import Work


async def accept_series_when_confirmed(work: Work, fact: BookingConfirmed) -> None:
    """Whoever confirms one session of a series by hand has accepted them all (D13)."""
    await service.accept_by_confirming(work, booking_id=fact.booking_id)
