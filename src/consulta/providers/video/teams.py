"""Microsoft Teams, by Graph with an application's permission (learn.microsoft.com/graph/api,
onlineMeeting: createOrGet). Our key is the meeting's external id, which makes it idempotent.
"""

from typing import Any, NoReturn
from urllib.parse import quote

from consulta.providers.video.calls import Calls, text_of
from consulta.providers.video.keys import TeamsKeys
from consulta.providers.video.port import ConnectionBroken, Room, RoomGone, VideoRefused, Wish
from consulta.providers.video.tokens import Token, Tokens, read_token
from consulta.providers.video.vendor_http import Reply, VendorHttp

API = "https://graph.microsoft.com"
TOKENS = "https://login.microsoftonline.com"
SCOPE = "https://graph.microsoft.com/.default"
_GONE = frozenset({404})
_NOBODYS = "JoinWebUrl eq 'https://teams.microsoft.com/l/meetup-join/none'"


class TeamsProvider:
    def __init__(self, keys: TeamsKeys, http: VendorHttp, *, base: str | None = None) -> None:
        self._keys, self._http = keys, http
        tenant = quote(keys.tenant_id, safe="")
        self._tokens_at = f"{base or TOKENS}/{tenant}/oauth2/v2.0/token"
        self._calls = Calls(http, f"{base or API}/v1.0", Tokens(self._token), _refused)
        self._of_host = f"/users/{quote(keys.host, safe='')}/onlineMeetings"

    async def create(self, wish: Wish) -> Room:
        named = {"externalId": wish.key, **_span(wish)}
        reply = await self._calls.call("POST", f"{self._of_host}/createOrGet", body=named)
        external_id = text_of(reply, "id")
        # One that was made before has the times of before, and none has settings yet.
        await self.move(external_id, wish)
        passcode = reply.word("joinMeetingIdSettings", "passcode") or None
        return Room(external_id, text_of(reply, "joinWebUrl"), passcode)

    async def move(self, external_id: str, wish: Wish) -> None:
        reply = await self._calls.call(
            "PATCH",
            self._path(external_id),
            body={**_span(wish), **_settings(wish)},
            understood=_GONE,
        )
        if reply.status in _GONE:
            raise RoomGone

    async def remove(self, external_id: str | None, wish: Wish) -> None:
        if external_id is None:
            named = {"externalId": wish.key, **_span(wish)}
            reply = await self._calls.call("POST", f"{self._of_host}/createOrGet", body=named)
            external_id = text_of(reply, "id")
        await self._calls.call("DELETE", self._path(external_id), understood=_GONE)

    async def check(self) -> None:
        """Graph lists meetings only by an address; that of nobody's is looked for in vain, so an
        unknown host comes to light with the first meeting.
        """
        await self._calls.call("GET", self._of_host, params={"$filter": _NOBODYS}, understood=_GONE)

    async def close(self) -> None:
        await self._calls.close()

    def _path(self, external_id: str) -> str:
        return f"{self._of_host}/{quote(external_id, safe='')}"

    async def _token(self) -> Token:
        reply = await self._http.ask(
            "POST",
            self._tokens_at,
            form={
                "client_id": self._keys.client_id,
                "client_secret": self._keys.client_secret,
                "grant_type": "client_credentials",
                "scope": SCOPE,
            },
        )
        return read_token(reply)


def _span(wish: Wish) -> dict[str, Any]:
    return {
        "subject": wish.topic,
        "startDateTime": f"{wish.starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "endDateTime": f"{wish.ends_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def _settings(wish: Wish) -> dict[str, Any]:
    scope = "organizer" if wish.waiting_room else "everyone"
    return {
        "lobbyBypassSettings": {"scope": scope, "isDialInBypassEnabled": False},
        "allowedPresenters": "organizer",
        "recordAutomatically": wish.recording != "none",
    }


def _refused(reply: Reply) -> NoReturn:
    if reply.status == 403:
        raise ConnectionBroken("PERMISSION_MISSING")
    if reply.status == 404:
        raise ConnectionBroken("HOST_UNKNOWN")
    raise VideoRefused
