"""Plain ASGI middleware: request id, body limit, security headers, the access log, metrics."""

import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import orjson
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from consulta.kernel.errors import Unavailable
from consulta.kernel.ids import new_request_id
from consulta.platform.http.problems import (
    MEDIA_TYPE,
    BodyTooLarge,
    UnsupportedBody,
    answer_to,
    problem,
)
from consulta.platform.metrics import REQUEST_SECONDS, REQUESTS
from consulta.platform.request import set_request_id

_log = structlog.get_logger("consulta.access")
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cross-origin-resource-policy", b"same-site"),
    (b"cache-control", b"no-store"),
)


class Envelope:
    """Outermost: gives a request its id, bounds its body, and signs off on its answer.

    The body is counted while it streams in, so a missing or lying Content-Length changes nothing.
    `allowance` says how many bytes of whatever kind a request may bring that carries our own
    permission to do so; None for every other one.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_body_bytes: int,
        allowance: Callable[[str, str], int | None] = lambda _method, _path: None,
    ) -> None:
        self.app = app
        self.most_body_bytes = most_body_bytes
        self.allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        set_request_id(request_id)
        exchange = _Exchange(scope, send, request_id)
        exchange.allowed_bytes = self.allowance(scope["method"], scope["path"])
        refusal = self._refusal(headers, exchange)
        if refusal is not None:
            await exchange.refuse(*refusal)
        else:
            await self._served(scope, receive, exchange)
        exchange.log()

    async def _served(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        """Whatever goes wrong inside is answered here, so that this answer is signed off, too."""
        try:
            await self.app(scope, self._counted(receive, exchange), exchange.send)
        except ClientDisconnect:
            return  # Nobody listens any more, or the body was refused while it was read.
        except Exception as error:
            if exchange.started:
                raise
            await answer_to(error)(scope, receive, exchange.send)

    def _refusal(
        self, headers: MutableMapping[bytes, bytes], exchange: "_Exchange"
    ) -> tuple[int, str, str] | None:
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._most_bytes(exchange):
            return 413, BodyTooLarge.code, str(BodyTooLarge())
        if headers.get(b"content-encoding", b"identity") != b"identity":
            return 415, UnsupportedBody.code, "Compressed bodies are not read."
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        is_json = media_type == b"application/json"
        if length != b"0" and media_type and not is_json and not exchange.takes_any_bytes:
            return 415, UnsupportedBody.code, str(UnsupportedBody())
        return None

    def _most_bytes(self, exchange: "_Exchange") -> int:
        allowed = exchange.allowed_bytes
        return self.most_body_bytes if allowed is None else allowed

    def _counted(self, receive: Receive, exchange: "_Exchange") -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            body = message.get("body", b"")
            seen += len(body)
            if seen > self._most_bytes(exchange):
                refusal = 413, BodyTooLarge.code, str(BodyTooLarge())
            elif b"\0" in body and not exchange.takes_any_bytes:
                # No JSON in UTF-8 has this byte, and every other encoding of JSON does.
                refusal = 415, UnsupportedBody.code, str(UnsupportedBody())
            else:
                return message
            if not exchange.started:
                await exchange.refuse(*refusal)
            return {"type": "http.disconnect"}

        return counted


class Gate:
    """Closed where the start found reasons not to serve: then only health is answered."""

    def __init__(self, app: ASGIApp, *, refusals: Callable[[], list[str]]) -> None:
        self.app = app
        self.refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_closed = scope["type"] == "http" and scope["path"] not in _OPEN_PATHS
        if is_closed and self.refusals():
            answer = problem(Unavailable("This replica refuses to serve; /readyz says why."))
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)


_OPEN_PATHS = frozenset({"/livez", "/readyz"})


class _Exchange:
    """One request and its answer, as far as the envelope is concerned."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self.scope = scope
        self.request_id = request_id
        self.started = False
        self.refused = False
        self.status = 500
        self.allowed_bytes: int | None = None
        self._send = send
        self._begun = time.perf_counter()

    @property
    def takes_any_bytes(self) -> bool:
        """A letter, over whose very bytes a signature decides, or a file that was announced."""
        return self.allowed_bytes is not None or _is_webhook(self.scope)

    async def send(self, message: Message) -> None:
        if self.refused:
            return
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            given = message.setdefault("headers", [])
            names = {name for name, _ in given}
            given += [one for one in _HEADERS if one[0] not in names]
            given.append((b"x-request-id", self.request_id.encode()))
        await self._send(message)

    async def refuse(self, status: int, code: str, detail: str) -> None:
        body = orjson.dumps(
            {
                "type": "about:blank",
                "title": "Unreadable request",
                "status": status,
                "detail": detail,
                "code": code,
                "request_id": self.request_id,
            }
        )
        start: dict[str, Any] = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", MEDIA_TYPE.encode()),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ],
        }
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})
        self.refused = True

    def log(self) -> None:
        """One line a request: the template of the route and never the raw address, which may carry
        what is nobody's business.
        """
        seconds = time.perf_counter() - self._begun
        route = self.scope.get("route")
        path = getattr(route, "path", "unmatched")
        REQUESTS.labels(self.scope["method"], path, str(self.status)).inc()
        REQUEST_SECONDS.labels(self.scope["method"], path).observe(seconds)
        _log.info(
            "request",
            method=self.scope["method"],
            route=path,
            status=self.status,
            milliseconds=round(seconds * 1000, 1),
        )


def _is_webhook(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith(("/api/webhooks/", "/api/v1/payments/return/"))


def _request_id(headers: MutableMapping[bytes, bytes]) -> str:
    sent = headers.get(b"x-request-id", b"").decode("latin-1")
    return sent if _ACCEPTABLE_ID.fullmatch(sent) else new_request_id()
