"""The port of video vendors: our words for meetings. No vendor word here, and no subject's either:
what crosses it names neither the service booked nor the people.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from consulta.kernel.errors import Conflict, Unavailable


class VideoUnavailable(Unavailable):
    """The video vendor cannot be reached at this moment, or asks us to wait."""

    code = "VIDEO_UNAVAILABLE"

    @property
    def wait_seconds(self) -> float:
        """For how long the vendor asked us to wait; 0 where it did not say."""
        return float(self.facts.get("retry_after_seconds") or 0)


class CircuitOpen(VideoUnavailable):
    """This connection failed again and again, or the vendor asked for a pause: nothing was sent."""

    code = "VIDEO_CIRCUIT_OPEN"


class VideoRefused(Conflict):
    """The video vendor says no to this meeting, and would say so again."""

    code = "VIDEO_REFUSED"


class ConnectionBroken(Conflict):
    """The video vendor does not let us in: the specialist has to connect it anew."""

    code = "VIDEO_CONNECTION_BROKEN"

    def __init__(self, reason: str = "ACCESS_REFUSED") -> None:
        super().__init__(reason=reason)
        self.reason = reason


class RoomGone(Exception):
    """The meeting that was to be changed is not there any more, and does not come back."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of a meeting. `key` is ours, the same at every attempt."""

    key: str
    starts_at: datetime
    ends_at: datetime
    waiting_room: bool = True
    recording: str = "none"
    may_exist: bool = False
    """Whether an earlier attempt may have made it, its answer having been lost."""

    @property
    def topic(self) -> str:
        """What a stranger may read over somebody's shoulder: nothing but the time."""
        return f"Session {self.starts_at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Room:
    """A meeting as the vendor has it. How it is joined keeps out of logs."""

    external_id: str
    join_url: str = field(repr=False)
    passcode: str | None = field(default=None, repr=False)


class VideoProvider(Protocol):
    """Meetings in one account. Raises `VideoUnavailable`, `VideoRefused` or `ConnectionBroken`."""

    async def create(self, wish: Wish) -> Room:
        """There is exactly one meeting of that key, as wished, whatever came of attempts before.

        Raises `RoomGone` where it was made, and ended since: it needs another key.
        """
        ...

    async def move(self, external_id: str, wish: Wish) -> Room | None:
        """The meeting takes place as wished; None where it is joined as before. Raises
        `RoomGone`.
        """
        ...

    async def remove(self, external_id: str | None, wish: Wish) -> None:
        """There is no such meeting, whether or not there was one. Without its id it is looked for
        by its key.
        """
        ...

    async def check(self) -> None:
        """We are let in."""
        ...

    async def close(self) -> None: ...
