"""Google Meet, by events of a calendar (Calendar API v3). An event's id is made of our key, so that
inserting it twice is refused; its conference is made a little later.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn
from urllib.parse import quote

from consulta.providers.video.calls import Calls, text_of
from consulta.providers.video.keys import MeetKeys
from consulta.providers.video.port import (
    ConnectionBroken,
    Room,
    RoomGone,
    VideoRefused,
    VideoUnavailable,
    Wish,
)
from consulta.providers.video.tokens import Token, Tokens, read_token
from consulta.providers.video.vendor_http import Reply, VendorHttp

API = "https://www.googleapis.com"
TOKENS = "https://oauth2.googleapis.com"
PENDING_SECONDS = 2.0
_GONE = frozenset({404, 410})
_EXISTS = frozenset({409})
_SLOWER = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
_QUIET = {"sendUpdates": "none"}

Renew = Callable[[str], Awaitable[None]]
"""Stores a refresh token that takes the place of the one in use."""


class MeetProvider:
    """Whoever is not invited waits until the host lets him in, and nobody is invited: addresses of
    people stay here.
    """

    def __init__(
        self, keys: MeetKeys, http: VendorHttp, *, renew: Renew, base: str | None = None
    ) -> None:
        self._keys, self._http, self._renew = keys, http, renew
        self._refresh_token = keys.refresh_token
        self._tokens_at = f"{base or TOKENS}/token"
        self._calls = Calls(http, f"{base or API}/calendar/v3", Tokens(self._token), _refused)
        self._events = f"/calendars/{quote(keys.host, safe='')}/events"

    async def create(self, wish: Wish) -> Room:
        body = {
            "id": wish.key,
            **_span(wish),
            "conferenceData": {
                "createRequest": {
                    "requestId": wish.key,
                    "conferenceSolutionKey": {"type": "hangoutsMeet"},
                }
            },
        }
        reply = await self._calls.call(
            "POST",
            self._events,
            params={"conferenceDataVersion": "1", **_QUIET},
            body=body,
            understood=_EXISTS,
        )
        if reply.status in _EXISTS:
            reply = await self._existing(wish)
        return await self._room(reply, wish)

    async def move(self, external_id: str, wish: Wish) -> None:
        reply = await self._calls.call(
            "PATCH", self._path(external_id), params=_QUIET, body=_span(wish), understood=_GONE
        )
        if reply.status in _GONE or reply.word("status") == "cancelled":
            raise RoomGone

    async def remove(self, external_id: str | None, wish: Wish) -> None:
        await self._calls.call(
            "DELETE", self._path(external_id or wish.key), params=_QUIET, understood=_GONE
        )

    async def check(self) -> None:
        await self._calls.call("GET", self._events, params={"maxResults": "1"})

    async def close(self) -> None:
        await self._calls.close()

    async def _existing(self, wish: Wish) -> Reply:
        """An event that an earlier attempt made, with the times of now."""
        reply = await self._calls.call("GET", self._path(wish.key), understood=_GONE)
        if reply.status in _GONE or reply.word("status") == "cancelled":
            raise RoomGone
        return await self._calls.call(
            "PATCH", self._path(wish.key), params=_QUIET, body=_span(wish)
        )

    async def _room(self, reply: Reply, wish: Wish) -> Room:
        status = reply.word("conferenceData", "createRequest", "status", "statusCode")
        if link := reply.word("hangoutLink"):
            return Room(text_of(reply, "id"), link)
        if status == "failure":
            # The request is spent, and so is the event's id.
            await self.remove(wish.key, wish)
            raise RoomGone
        raise VideoUnavailable(retry_after_seconds=PENDING_SECONDS)

    def _path(self, external_id: str) -> str:
        return f"{self._events}/{quote(external_id, safe='')}"

    async def _token(self) -> Token:
        reply = await self._http.ask(
            "POST",
            self._tokens_at,
            form={
                "client_id": self._keys.client_id,
                "client_secret": self._keys.client_secret,
                "refresh_token": self._refresh_token,
                "grant_type": "refresh_token",
            },
        )
        token = read_token(reply)
        if token.refresh_token and token.refresh_token != self._refresh_token:
            # Stored before anything else is done: the old one may be worth nothing already.
            await self._renew(token.refresh_token)
            self._refresh_token = token.refresh_token
        return token


def _span(wish: Wish) -> dict[str, Any]:
    def at(moment: Any) -> dict[str, str]:
        return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "timeZone": "UTC"}

    return {"summary": wish.topic, "start": at(wish.starts_at), "end": at(wish.ends_at)}


def _refused(reply: Reply) -> NoReturn:
    if reply.status == 403:
        if _reasons(reply) & _SLOWER:
            raise VideoUnavailable
        raise ConnectionBroken("PERMISSION_MISSING")
    if reply.status == 404:
        raise ConnectionBroken("HOST_UNKNOWN")
    raise VideoRefused


def _reasons(reply: Reply) -> set[str]:
    error = reply.content.get("error") if isinstance(reply.content, dict) else None
    listed = error.get("errors") if isinstance(error, dict) else None
    return {str(one.get("reason")) for one in listed or [] if isinstance(one, dict)}
