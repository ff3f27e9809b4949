"""Letting the parties of a booking in, when it is time."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from consulta.features.bookings.errors import BookingNotFound
from consulta.features.bookings.status import BookingStatus
from consulta.features.meetings import queries
from consulta.features.meetings.errors import MeetingNotReady
from consulta.features.meetings.rules import SEALED, ensure_joinable, join_window
from consulta.features.video_configs.flows import Studio
from consulta.kernel.actor import Actor

KEEPER = Actor.system("meetings")
"""People may not read sealed links, nor may the pools that act for them."""


@dataclass(frozen=True, slots=True)
class Joining:
    """The way into a meeting."""

    provider: str
    join_url: str = field(repr=False)
    passcode: str | None = field(repr=False)
    opens_at: datetime
    closes_at: datetime


async def join(studio: Studio, actor: Actor, *, booking_id: UUID) -> Joining:
    """The way into the booking's meeting; that it was handed out is on record before anybody has
    it.

    Raises BookingNotFound, and what `ensure_joinable` raises.
    """
    async with studio.database.read(actor) as work:
        seen = await queries.meeting_of(work, booking_id)
    if seen is None:
        raise BookingNotFound
    window = join_window(starts_at=seen["starts_at"], ends_at=seen["ends_at"])
    ensure_joinable(
        status=BookingStatus(seen["status"]), state=seen["state"], window=window, now=seen["now"]
    )
    async with studio.database.read(KEEPER) as work:
        sealed = await queries.sealed_link(work, seen["meeting_id"])
    if sealed is None:
        raise MeetingNotReady
    content = SEALED.disclose(studio.vault, sealed)
    async with studio.database.work(actor) as work:
        work.audit(
            "meeting.joined",
            subject_type="meeting",
            subject_id=seen["meeting_id"],
            new={"booking_id": booking_id},
        )
    return Joining(
        provider=seen["provider"],
        join_url=content["join_url"],
        passcode=content["passcode"],
        opens_at=window.opens_at,
        closes_at=window.closes_at,
    )
