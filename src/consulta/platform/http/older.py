"""Addresses that keep the shape in which an older system told errors; all others speak RFC 9457."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from consulta.platform.http.problems import MEDIA_TYPE

Retell = Callable[[int, str, str], tuple[int, Mapping[str, Any]]]
"""From status, code and sentence of a problem document to status and body as they were before."""


class OlderShape:
    """Outermost: whatever was refused at one of these addresses, and by whomever (guard, body
    limit, route, database), leaves in its old shape and never as a problem document.
    """

    def __init__(self, app: ASGIApp, *, addresses: Mapping[str, Retell]) -> None:
        self.app = app
        self.addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        retell = self.addresses.get(scope["path"]) if scope["type"] == "http" else None
        await self.app(scope, receive, send if retell is None else _Retold(send, retell))


class _Retold:
    """Holds a problem document back until it is whole, and sends what is told instead."""

    def __init__(self, send: Send, retell: Retell) -> None:
        self._send = send
        self._retell = retell
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._tell(self._start)

    async def _tell(self, start: Message) -> None:
        problem = orjson.loads(self._body)
        status, told = self._retell(problem["status"], problem["code"], problem["detail"])
        body = orjson.dumps(told)
        kept = [one for one in start["headers"] if one[0] not in _OF_THE_BODY]
        own = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self._send({**start, "status": status, "headers": [*kept, *own]})
        await self._send({"type": "http.response.body", "body": body})


_OF_THE_BODY = frozenset({b"content-type", b"content-length"})


def _is_problem(start: Message) -> bool:
    return (b"content-type", MEDIA_TYPE.encode()) in start["headers"]
