"""Asking a vendor over HTTP without its SDK: bounded in time and size, never led elsewhere, never
repeated. What an answer means is the purpose's own affair.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

BODY_BYTES_MAX = 1_048_576
CONNECT_SECONDS = 5.0
RETRY_AFTER_SECONDS_MAX = 3_600.0
"""No vendor makes us wait for longer."""


class NoAnswer(Exception):
    """Nobody answered, or not in time. It drags along nothing of what was sent or received."""


class NotReadable(Exception):
    """What came is a redirect, packed, or too long."""


@dataclass(frozen=True, slots=True)
class Came:
    """An answer with its whole body."""

    status: int
    body: bytes = field(repr=False)


Look = Callable[[httpx.Response], None]
"""Raises what the status and headers of an answer make it raise, before its body is read."""


class BoundedHttp:
    """No call lasts longer than `timeout_seconds`, however slowly the answer drips. `client` is
    what `httpx` takes of a client that is the same for all calls.
    """

    def __init__(self, *, timeout_seconds: float, connections_max: int, **client: Any) -> None:
        self._timeout_seconds = timeout_seconds
        headers: Mapping[str, str] = client.pop("headers", None) or {}
        self._client = httpx.AsyncClient(
            # An answer that is not packed cannot unpack to more than its bound.
            headers={"accept": "application/json", "accept-encoding": "identity", **headers},
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, CONNECT_SECONDS)),
            limits=httpx.Limits(max_connections=connections_max),
            follow_redirects=False,
            trust_env=False,
            **client,
        )

    async def ask(self, method: str, url: str, *, look: Look, **request: Any) -> Came:
        """What the vendor says; `request` is what `httpx` takes of a request. Raises `NoAnswer`,
        `NotReadable` and what `look` raises.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                async with self._client.stream(method, url, **request) as answer:
                    look(answer)
                    _ensure_plain(answer)
                    return Came(answer.status_code, await _body(answer))
        # A time-out is an OSError, too.
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError):
            raise NoAnswer from None

    async def close(self) -> None:
        await self._client.aclose()


def _ensure_plain(answer: httpx.Response) -> None:
    is_packed = answer.headers.get("content-encoding", "identity") != "identity"
    if 300 <= answer.status_code < 400 or is_packed:
        raise NotReadable


async def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise NotReadable
    return bytes(body)
