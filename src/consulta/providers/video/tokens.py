"""Access tokens of one connection: asked for once, shared by all who wait, renewed in good time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from consulta.providers.video.port import ConnectionBroken
from consulta.providers.video.vendor_http import Reply

SPARE_SECONDS = 300.0
LIFE_SECONDS_MAX = 3_600.0
_REVOKED = {"invalid_grant"}
_UNKNOWN = {"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope"}


@dataclass(frozen=True, slots=True)
class Token:
    access_token: str = field(repr=False)
    expires_in: float
    refresh_token: str | None = field(default=None, repr=False)
    """A new one, where the vendor has exchanged it: the old one is worth nothing from now on."""


Ask = Callable[[], Awaitable[Token]]


class Tokens:
    """Good for about 55 minutes of an hour. Several who need one share one request."""

    def __init__(self, ask: Ask, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._good_until = 0.0

    async def token(self) -> str:
        """Raises what asking raises; whoever waited then asks anew."""
        async with self._lock:
            if self._clock() >= self._good_until:
                begun = self._clock()
                fresh = await self._ask()
                life = min(fresh.expires_in, LIFE_SECONDS_MAX)
                # A token that lives no longer than our spare time is still good for its half.
                self._good_until = begun + max(life - SPARE_SECONDS, life / 2)
                self._token = fresh.access_token
            return self._token

    def forget(self, token: str) -> None:
        """The vendor did not take that token: the next one is new."""
        if token == self._token:
            self._good_until = 0.0


def read_token(reply: Reply) -> Token:
    """The token in an answer by RFC 6749. Raises `ConnectionBroken` where there is none for us."""
    if reply.is_refusal:
        error = reply.word("error")
        if error in _REVOKED:
            raise ConnectionBroken("ACCESS_REVOKED")
        if error in _UNKNOWN or reply.status in {401, 403}:
            raise ConnectionBroken("INVALID_CREDENTIALS")
        raise ConnectionBroken("ACCESS_REFUSED")
    access = reply.word("access_token")
    try:
        life = float(reply.content["expires_in"])
    except (KeyError, TypeError, ValueError):
        life = 0.0
    if not access:
        raise ConnectionBroken("ACCESS_REFUSED")
    return Token(access, life, reply.word("refresh_token") or None)
