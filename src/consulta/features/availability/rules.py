"""Arithmetic of the calendar without I/O: wall-clock minutes, spans that are asked for, tokens."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from consulta.features.availability.errors import InvalidSpan

LONGEST_SPAN = timedelta(days=62)
HOLD_MINUTES = 10
MOST_HOLDS_PER_CALLER = 5
HOLDS_PER_MINUTE_OF_ADDRESS = 60

Edge = date | datetime | None
"""One end of a span: an instant, a local date, or not said."""


@dataclass(frozen=True, slots=True)
class Span:
    """From an edge to an edge. A date stands for its first moment at the beginning of a span, and
    for its last one at the end.
    """

    begins: Edge
    ends: Edge

    def check(self) -> None:
        """Nothing happens if the span can be asked for; raises `InvalidSpan`.

        Where only one end is a date, its zone is not known yet, so a day either way is forgiven:
        the slot engine cuts what is too long (D2).
        """
        if self.begins is None or self.ends is None:
            return
        begins, ends = _instant(self.begins), _instant(self.ends)
        if not isinstance(self.ends, datetime):
            ends += timedelta(days=1)
        is_mixed = isinstance(self.begins, datetime) != isinstance(self.ends, datetime)
        slack = timedelta(days=1) if is_mixed else timedelta(0)
        if ends <= begins - slack or ends - begins > LONGEST_SPAN + slack:
            raise InvalidSpan

    @property
    def has_dates(self) -> bool:
        return any(
            edge is not None and not isinstance(edge, datetime) for edge in (self.begins, self.ends)
        )


def clock_of(minute: int) -> str:
    """A minute of the day as people read it: 540 is `09:00`, 1440 is `24:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def minute_of(clock: str) -> int:
    """`09:00` is 540, `24:00` is 1440."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def hold_token_hash(token: str) -> bytes:
    """How a hold's token is stored and compared: SHA-256, since the token is 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _instant(edge: date | datetime) -> datetime:
    if isinstance(edge, datetime):
        return edge
    return datetime.combine(edge, time(), UTC)
