"""Decisions about meetings, without I/O: what is to be done at the vendor, and who joins when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from consulta.features.bookings.errors import AlreadyCancelled, BookingNotConfirmed
from consulta.features.bookings.status import ENDED, PAST, BookingStatus
from consulta.features.meetings.errors import MeetingNotReady, SessionOver, TooEarlyToJoin
from consulta.platform.sealed import SealedTable

OPENS_BEFORE = timedelta(minutes=15)
CLOSES_AFTER = timedelta(minutes=15)

LINKS_KEPT_FOR = timedelta(days=30)
"""After the end of a session; nobody is let in for longer than a quarter of an hour."""

GAPS_SECONDS = (5, 15, 60, 180, 600, 1_200, *([1_800] * 5))
"""Waits between attempts: twelve attempts in some three hours."""

MOST_ATTEMPTS = len(GAPS_SECONDS) + 1
_JOINABLE = frozenset({"ready", "moving"})
"""A meeting that is being moved is joined as before."""


class Step(StrEnum):
    """What is next for a meeting. The last four call nobody."""

    MAKE = "make"
    MOVE = "move"
    REMOVE = "remove"
    FORGET = "forget"  # nothing was ever sent
    TOO_LATE = "too_late"
    HOMELESS = "homeless"  # its specialist has no video config
    BROKEN = "broken"  # the vendor does not let us in


@dataclass(frozen=True, slots=True)
class Stand:
    """How a meeting stands between what is wanted and what is there."""

    is_wanted: bool
    external_id: str | None
    was_sent: bool
    """Whether an attempt to make it was sent whose answer is not known."""
    ends_at: datetime
    connection: str | None
    """The state of its video config; None where there is none."""


def step_of(stand: Stand, *, now: datetime) -> Step:
    """What is to be done for a meeting that is not as it is wanted."""
    is_there = stand.external_id is not None
    if not stand.is_wanted and not is_there and not stand.was_sent:
        return Step.FORGET
    if stand.is_wanted and stand.ends_at <= now:
        return Step.TOO_LATE
    if stand.connection is None:
        return Step.HOMELESS
    if stand.connection == "broken":
        return Step.BROKEN
    if not stand.is_wanted:
        return Step.REMOVE
    return Step.MOVE if is_there else Step.MAKE


def gap_seconds(*, attempts: int, wait_seconds: float) -> float:
    """How long to wait after that many attempts: not less than the vendor asked for."""
    return max(float(GAPS_SECONDS[min(attempts, len(GAPS_SECONDS)) - 1]), wait_seconds)


def key_of(*, booking_id: UUID, generation: int) -> str:
    """What a meeting is found again by at the vendor: letters a-f and digits, which every vendor
    takes. A meeting that is made anew gets another one.
    """
    return f"c{booking_id.hex}{generation:02d}"


@dataclass(frozen=True, slots=True)
class Window:
    """When a meeting may be joined, both ends included."""

    opens_at: datetime
    closes_at: datetime


def join_window(*, starts_at: datetime, ends_at: datetime) -> Window:
    return Window(starts_at - OPENS_BEFORE, ends_at + CLOSES_AFTER)


def ensure_joinable(
    *, status: BookingStatus, state: str | None, window: Window, now: datetime
) -> None:
    """Raises AlreadyCancelled, BookingNotConfirmed, SessionOver, TooEarlyToJoin, MeetingNotReady:
    the first that holds. `state` is the meeting's, None where there is none.
    """
    if status in ENDED:
        raise AlreadyCancelled
    if status in PAST or now > window.closes_at:
        raise SessionOver
    if status is not BookingStatus.CONFIRMED:
        raise BookingNotConfirmed
    if now < window.opens_at:
        raise TooEarlyToJoin(opens_at=window.opens_at)
    if state not in _JOINABLE:
        raise MeetingNotReady


def place_of(row: Mapping[str, Any]) -> str:
    """What a sealed link is bound to: in any other row it does not open."""
    return f"meeting_links|{row['meeting_id']}|{row['specialist_id']}|{row['client_id']}"


SEALED = SealedTable(
    table="meeting_links", keys=("meeting_id", "specialist_id", "client_id"), place=place_of
)
