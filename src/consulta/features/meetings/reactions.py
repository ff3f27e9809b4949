"""What meetings do about facts of bookings and video configs: they write down what is wanted."""

from collections.abc import Mapping

from consulta.features.meetings import service
from consulta.platform.db.work import Work
from consulta.platform.outbox import Listener, Message


async def follow_booking(work: Work, message: Message) -> None:
    """The booking's meeting is wanted as the booking stands by now, whatever the message says."""
    booking_id = message.id_of("booking_id")
    if booking_id is not None:
        await service.want(work, booking_id)


async def revive_when_config_saved(work: Work, message: Message) -> None:
    """Whatever was in the way of the specialist's meetings, they are tried again."""
    specialist_id = message.id_of("specialist_id")
    if specialist_id is not None:
        await service.revive(work, specialist_id)


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
