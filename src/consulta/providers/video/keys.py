"""What opens the door of each vendor. None of it is ever shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StaticLink:
    """A room that is always there."""

    link: str = field(repr=False)
    passcode: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ZoomKeys:
    """A server-to-server app. `host` is a user's id or address, or `me`."""

    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    host: str


@dataclass(frozen=True, slots=True)
class TeamsKeys:
    """An application with a policy for `host`, the object id of a user."""

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    host: str


@dataclass(frozen=True, slots=True)
class MeetKeys:
    """What a user granted to an app. `host` is one of the user's calendars."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    host: str


VideoKeys = StaticLink | ZoomKeys | TeamsKeys | MeetKeys


def keys_of(*, provider: str, mode: str, host: str, secrets: Mapping[str, Any]) -> VideoKeys:
    """What was stored, as the keys of that vendor. Raises KeyError for what cannot be theirs."""
    if mode == "static":
        return StaticLink(secrets["link"], secrets.get("passcode"))
    if provider == "zoom":
        return ZoomKeys(secrets["account_id"], secrets["client_id"], secrets["client_secret"], host)
    if provider == "teams":
        return TeamsKeys(secrets["tenant_id"], secrets["client_id"], secrets["client_secret"], host)
    return MeetKeys(secrets["client_id"], secrets["client_secret"], secrets["refresh_token"], host)
