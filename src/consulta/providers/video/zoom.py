"""Zoom, by a server-to-server app (developers.zoom.us/docs/internal-apps). It has no idempotency:
our key stands in a meeting's agenda, where it is found again.
"""

import math
import secrets
from typing import Any, NoReturn
from urllib.parse import quote

from consulta.providers.video.calls import Calls, text_of
from consulta.providers.video.keys import ZoomKeys
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

API = "https://api.zoom.us"
TOKENS = "https://zoom.us"
PAGES_MAX = 20
_PAGE = "300"
_GONE = frozenset({404})
_BAD_TOKEN = {"124"}
_NO_SCOPE = {"4700", "4711", "104"}
_NO_HOST = {"1001", "1010"}


class ZoomProvider:
    """Never keeps a `start_url`: with it anybody is the host."""

    def __init__(self, keys: ZoomKeys, http: VendorHttp, *, base: str | None = None) -> None:
        self._keys, self._http = keys, http
        self._tokens_at = f"{base or TOKENS}/oauth/token"
        self._calls = Calls(http, f"{base or API}/v2", Tokens(self._token), _refused)
        self._of_host = f"/users/{quote(keys.host, safe='')}/meetings"

    async def create(self, wish: Wish) -> Room:
        if wish.may_exist and (found := await self._found(wish.key)):
            await self._reduce_to(found[0], found[1:])
            await self.move(found[0], wish)
            return _room(await self._calls.call("GET", _path(found[0])))
        body = {**_body(wish), "password": secrets.token_hex(5)}
        return _room(await self._calls.call("POST", self._of_host, body=body))

    async def move(self, external_id: str, wish: Wish) -> None:
        reply = await self._calls.call(
            "PATCH", _path(external_id), body=_body(wish), understood=_GONE
        )
        if reply.status in _GONE:
            raise RoomGone

    async def remove(self, external_id: str | None, wish: Wish) -> None:
        for one in [external_id] if external_id else await self._found(wish.key):
            await self._delete(one)

    async def check(self) -> None:
        await self._calls.call("GET", self._of_host, params={"page_size": "1", "type": "upcoming"})

    async def close(self) -> None:
        await self._calls.close()

    async def _found(self, key: str) -> list[str]:
        """Meetings of that key, the oldest first; more than one where an attempt was slow."""
        found: list[str] = []
        params = {"type": "upcoming", "page_size": _PAGE}
        for _ in range(PAGES_MAX):
            reply = await self._calls.call("GET", self._of_host, params=params)
            found += [
                str(one["id"])
                for one in _meetings(reply)
                if key in str(one.get("agenda", "")) and "id" in one
            ]
            following = reply.word("next_page_token")
            if not following:
                return sorted(found, key=lambda one: (len(one), one))
            params = {**params, "next_page_token": following}
        raise VideoUnavailable("There are more meetings than can be looked through.")

    async def _reduce_to(self, kept: str, surplus: list[str]) -> None:
        for one in surplus:
            assert one != kept
            await self._delete(one)

    async def _delete(self, external_id: str) -> None:
        await self._calls.call(
            "DELETE",
            _path(external_id),
            params={"schedule_for_reminder": "false", "cancel_meeting_reminder": "false"},
            understood=_GONE,
        )

    async def _token(self) -> Token:
        reply = await self._http.ask(
            "POST",
            self._tokens_at,
            form={"grant_type": "account_credentials", "account_id": self._keys.account_id},
            auth=(self._keys.client_id, self._keys.client_secret),
        )
        return read_token(reply)


def _path(external_id: str) -> str:
    return f"/meetings/{quote(external_id, safe='')}"


def _body(wish: Wish) -> dict[str, Any]:
    return {
        "topic": wish.topic,
        "type": 2,
        "start_time": f"{wish.starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "duration": math.ceil((wish.ends_at - wish.starts_at).total_seconds() / 60),
        "timezone": "UTC",
        "agenda": wish.key,
        "settings": {
            "waiting_room": wish.waiting_room,
            "join_before_host": not wish.waiting_room,
            "auto_recording": wish.recording,
            "approval_type": 2,
            "email_notification": False,
        },
    }


def _meetings(reply: Reply) -> list[dict[str, Any]]:
    listed = reply.content.get("meetings") if isinstance(reply.content, dict) else None
    if not isinstance(listed, list):
        raise VideoUnavailable("The video vendor's answer cannot be read.")
    return [one for one in listed if isinstance(one, dict)]


def _room(reply: Reply) -> Room:
    return Room(text_of(reply, "id"), text_of(reply, "join_url"), reply.word("password") or None)


def _refused(reply: Reply) -> NoReturn:
    code = reply.word("code")
    if code in _NO_SCOPE or reply.status == 403:
        raise ConnectionBroken("PERMISSION_MISSING")
    if code in _BAD_TOKEN:
        raise ConnectionBroken("INVALID_CREDENTIALS")
    if code in _NO_HOST or reply.status == 404:
        raise ConnectionBroken("HOST_UNKNOWN")
    raise VideoRefused
