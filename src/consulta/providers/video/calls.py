"""Calls with a token, behind a circuit: what the adapters of all vendors have in common."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from consulta.providers.video.circuit import Circuit
from consulta.providers.video.port import ConnectionBroken, VideoUnavailable
from consulta.providers.video.tokens import Tokens
from consulta.providers.video.vendor_http import Reply, VendorHttp

Refused = Callable[[Reply], NoReturn]
"""Raises what a refusal of this vendor means."""

_OK = range(200, 300)


class Calls:
    """One connection. Answers other than 2xx are raised as `refused` says, unless their status is
    among those that the caller understands.
    """

    def __init__(self, http: VendorHttp, base_url: str, tokens: Tokens, refused: Refused) -> None:
        self._http, self._base_url, self._tokens = http, base_url, tokens
        self._refused = refused
        self._circuit = Circuit()

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        understood: frozenset[int] = frozenset(),
    ) -> Reply:
        """Raises `ConnectionBroken` where a brand-new token is not taken either."""
        async with self._circuit.passing():
            reply = await self._with_token(method, path, params, body)
            if reply.status not in _OK and reply.status not in understood:
                self._refused(reply)
            return reply

    async def close(self) -> None:
        await self._http.close()

    async def _with_token(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> Reply:
        for _ in range(2):
            token = await self._tokens.token()
            reply = await self._http.ask(
                method,
                self._base_url + path,
                params=params,
                body=body,
                headers={"authorization": f"Bearer {token}"},
            )
            if reply.status != 401:
                return reply
            self._tokens.forget(token)
        raise ConnectionBroken("INVALID_CREDENTIALS")


def text_of(reply: Reply, *names: str) -> str:
    """A word that the vendor's documentation promises. Raises `VideoUnavailable` without it."""
    word = reply.word(*names)
    if not word:
        raise VideoUnavailable("The video vendor's answer cannot be read.")
    return word
