"""Calendar files (iCalendar, RFC 5545): one event as calendar programs read it."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

Status = Literal["tentative", "confirmed", "cancelled"]
_MOST_OCTETS = 75
_NEW_LINE = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")
_STAYS_IN_ADDRESSES = "%/:?#[]@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with a mail address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event. The `uid` stays with it for ever; a later `sequence`, or within one a later
    `changed_at`, replaces what was known before. `cancelled` withdraws it.
    """

    uid: str
    sequence: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    status: Status
    summary: str
    url: str | None = None
    organizer: Party | None = None
    """With one it is an invitation, and mail programs enter it or take it out by themselves."""
    attendee: Party | None = None

    @property
    def method(self) -> str:
        """What a calendar should do with it (RFC 5546)."""
        if self.status == "cancelled":
            return "CANCEL"
        return "PUBLISH" if self.organizer is None else "REQUEST"

    @property
    def media_type(self) -> str:
        return f"text/calendar; charset=utf-8; method={self.method}"


def calendar_file(event: Event) -> bytes:
    """A calendar with that event. Times are UTC, lines end with CRLF and have at most 75 octets,
    and no text can break out of its line.
    """
    lines = (line for name, value in _properties(event) for line in _folded(f"{name}:{value}"))
    return "".join(f"{line}\r\n" for line in lines).encode()


def _properties(event: Event) -> Iterator[tuple[str, str]]:
    yield "BEGIN", "VCALENDAR"
    yield "VERSION", "2.0"
    yield "PRODID", "-//Consulta//Consulta//EN"
    yield "CALSCALE", "GREGORIAN"
    yield "METHOD", event.method
    yield "BEGIN", "VEVENT"
    yield "UID", _text(event.uid)
    yield "SEQUENCE", str(event.sequence)
    yield "DTSTAMP", _stamp(event.changed_at)
    yield "LAST-MODIFIED", _stamp(event.changed_at)
    yield "DTSTART", _stamp(event.starts_at)
    yield "DTEND", _stamp(event.ends_at)
    yield "STATUS", event.status.upper()
    yield "SUMMARY", _text(event.summary)
    if event.organizer is not None:
        yield f"ORGANIZER;CN={_parameter(event.organizer.name)}", _mailto(event.organizer)
    if event.attendee is not None:
        # Who has booked has said yes already; nobody needs the programs' answers.
        said = "PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE"
        yield (
            f"ATTENDEE;CN={_parameter(event.attendee.name)};{said}",
            _mailto(event.attendee),
        )
    yield "CLASS", "PRIVATE"
    yield "TRANSP", "TRANSPARENT" if event.status == "cancelled" else "OPAQUE"
    if event.url is not None:
        yield "URL", quote(event.url, safe=_STAYS_IN_ADDRESSES)
    yield "END", "VEVENT"
    yield "END", "VCALENDAR"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """Escaped as a TEXT value; of control characters only new lines mean anything."""
    lines = _NEW_LINE.split(value)
    plain = ("".join(c for c in line if unicodedata.category(c) != "Cc") for line in lines)
    return "\\n".join(re.sub(r"([\\;,])", r"\\\1", line) for line in plain)


def _parameter(value: str) -> str:
    """A quoted parameter value. It cannot hold quotes or control characters (RFC 5545, 3.2)."""
    plain = (" " if unicodedata.category(c)[0] in "CZ" else c for c in value.replace('"', "'"))
    return f'"{"".join(plain)}"'


def _mailto(party: Party) -> str:
    return "mailto:" + quote(party.address, safe="@!$&'*+/=?^_`{|}~.-")


def _folded(line: str) -> Iterator[str]:
    """Pieces of at most 75 octets; all but the first begin with a space. No character is cut."""
    piece, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > _MOST_OCTETS:
            yield piece
            piece, octets = " ", 1
        piece += character
        octets += size
    yield piece
