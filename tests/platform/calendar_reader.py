"""A strict reader of calendar files with one event (RFC 5545): what is not known is refused."""

import re
from collections.abc import Iterator

_STAMP = re.compile(r"\d{8}T\d{6}Z")
_TEXT = re.compile(r"(?:[^\\;,\x00-\x1f\x7f]|\\[\\;,nN])*")
_ADDRESS = re.compile(r"https://[!-~]+")
_MAIL = re.compile(r"mailto:[!-9;-~]+@[A-Za-z0-9.-]+")
_LINE = re.compile(r"([A-Z-]+)((?:;[A-Z]+=(?:\"[^\"\x00-\x1f\x7f]*\"|[A-Z-]+))*):(.*)")
_SHAPES = {
    "VERSION": re.compile(r"2\.0"),
    "PRODID": _TEXT,
    "CALSCALE": re.compile("GREGORIAN"),
    "METHOD": re.compile("PUBLISH|REQUEST|CANCEL"),
    "UID": _TEXT,
    "SEQUENCE": re.compile(r"\d{1,9}"),
    "DTSTAMP": _STAMP,
    "LAST-MODIFIED": _STAMP,
    "DTSTART": _STAMP,
    "DTEND": _STAMP,
    "STATUS": re.compile("TENTATIVE|CONFIRMED|CANCELLED"),
    "SUMMARY": _TEXT,
    "CLASS": re.compile("PRIVATE"),
    "TRANSP": re.compile("OPAQUE|TRANSPARENT"),
    "URL": _ADDRESS,
    "ORGANIZER": _MAIL,
    "ATTENDEE": _MAIL,
}
_PEOPLE = {"ORGANIZER", "ATTENDEE"}
_OF_THE_CALENDAR = {"VERSION", "PRODID", "CALSCALE", "METHOD"}
_NEEDED = _SHAPES.keys() - {"URL"} - _PEOPLE


class Unreadable(AssertionError):
    """This is no calendar file."""


def read_calendar(content: bytes) -> dict[str, str]:
    """Every property of the calendar and its event, texts as they were before escaping."""
    found: dict[str, str] = {}
    open_parts: list[str] = []
    for line in _lines(content):
        parts = _LINE.fullmatch(line)
        if parts is None or (not open_parts and found):
            raise Unreadable(line)
        name, parameters, value = parts.groups()
        if parameters and name not in _PEOPLE:
            raise Unreadable(line)
        if name == "BEGIN":
            open_parts.append(value)
        elif name == "END":
            if not open_parts or open_parts.pop() != value:
                raise Unreadable(line)
        else:
            wanted = ["VCALENDAR"] if name in _OF_THE_CALENDAR else ["VCALENDAR", "VEVENT"]
            if open_parts != wanted or name in found:
                raise Unreadable(line)
            found[name] = _value(name, value)
            if parameters:
                found[f"{name} of"] = parameters
    if found.get("METHOD") == "REQUEST" and _PEOPLE - found.keys():
        raise Unreadable("an invitation names who invites whom (RFC 5546, 3.2.2)")
    if open_parts or _NEEDED - found.keys() or found["DTEND"] <= found["DTSTART"]:
        raise Unreadable("something is missing")
    return found


def _lines(content: bytes) -> Iterator[str]:
    """Unfolded lines; each ends with CRLF, and none is longer than 75 octets before unfolding."""
    *pieces, rest = content.split(b"\r\n")
    if rest or any(len(piece) > 75 or b"\r" in piece or b"\n" in piece for piece in pieces):
        raise Unreadable("lines end with CRLF and have at most 75 octets")
    line: str | None = None
    for piece in pieces:
        text = piece.decode()  # A character that is cut in two is no UTF-8.
        if text.startswith(" ") and line is not None:
            line += text[1:]
            continue
        if line is not None:
            yield line
        line = text
    if line is not None:
        yield line


def _value(name: str, value: str) -> str:
    shape = _SHAPES.get(name)
    if shape is None or not shape.fullmatch(value):
        raise Unreadable(name)
    if shape is not _TEXT:
        return value
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
