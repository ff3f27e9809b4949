"""What meetings do about facts of bookings and video configs: they write down what is wanted."""

from collections.abc import Mapping
from uuid import UUID

from consulta.features.meetings import service
from consulta.platform.db.work import Work
from consulta.platform.outbox import Listener, Message


async def follow_booking(work: Work, message: Message) -> None:
    """The booking's meeting is wanted as the booking stands by now, whatever the message says."""
    await service.want(work, UUID(str(message.payload["booking_id"])))


async def revive_when_config_saved(work: Work, message: Message) -> None:
    await service.revive(work, UUID(str(message.payload["specialist_id"])))


HEARS: Mapping[str, Listener] = {
    # A booking that owes nothing, and one of a series, is confirmed from the first.
    "booking.requested": follow_booking,
    "booking.confirmed": follow_booking,
    "booking.rescheduled": follow_booking,
    "booking.cancelled": follow_booking,
    "booking.declined": follow_booking,
    "booking.expired": follow_booking,
    "booking.refunded": follow_booking,
    "video.config_saved": revive_when_config_saved,
}
