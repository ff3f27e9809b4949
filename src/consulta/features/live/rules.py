"""Decisions about live events, without I/O: whose an event is, its place, and how it is spelled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from consulta.kernel.topics import PUBLIC_TOPICS, public_ids

LIVE_TOPICS = frozenset({*PUBLIC_TOPICS, "webhook_endpoint.disabled"})
LONGEST_ABSENCE = timedelta(hours=24)
MOST_MISSED = 20_000
"""Rows of the whole house: whoever missed more is told to look anew."""

_SPELLING = re.compile(r"([0-9]{1,20})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_HIGHEST = 2**64


class Place(NamedTuple):
    """Where an event stands in the order of the house: by transaction, then by id (D14)."""

    xid: int
    id: UUID

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"


BEGINNING = Place(0, UUID(int=0))
"""Where an empty house stands. It is told, too: who came back without an id would miss, unknowing,
what was the first to happen.
"""


def place_of(text: str) -> Place | None:
    """The place that an id of ours names; None for whatever is no id of ours."""
    found = _SPELLING.fullmatch(text)
    if found is None or int(found[1]) >= _HIGHEST:
        return None
    return Place(int(found[1]), UUID(found[2]))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for the people whom it concerns."""

    place: Place
    people: frozenset[UUID]
    text: bytes


def event_of(
    place: Place, *, topic: str, payload: Mapping[str, Any], occurred_at: datetime
) -> Event | None:
    """The event of a message; None where it is told to nobody."""
    if topic not in LIVE_TOPICS:
        return None
    ids = public_ids(payload)
    people = frozenset(UUID(ids[name]) for name in ("client_id", "specialist_id") if name in ids)
    if not people:
        return None
    data = {"type": topic, "id": str(place.id), "occurred_at": occurred_at, **ids}
    return Event(place, people, _spelled(topic, data, place))


def reset(place: Place) -> bytes:
    """What was missed is not told one by one: look anew at everything, and go on from here."""
    return _spelled("reset", {"type": "reset"}, place)


def expired() -> bytes:
    """The sign-in has ended: come back with a good token and the last id."""
    return _spelled("expired", {"type": "expired"}, None)


def heartbeat(place: Place | None) -> bytes:
    """Nothing happened up to here. It is no event, but a browser remembers the id."""
    at = b"" if place is None else f"id: {place}\n".encode()
    return at + b": all is well\n\n"


def opening(retry_ms: int) -> bytes:
    """How long to wait before coming back after the line was cut."""
    return f"retry: {retry_ms}\n: welcome\n\n".encode()


def _spelled(name: str, data: Mapping[str, Any], place: Place | None) -> bytes:
    at = b"" if place is None else f"id: {place}\n".encode()
    said = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    return at + b"event: " + name.encode() + b"\ndata: " + said + b"\n\n"
