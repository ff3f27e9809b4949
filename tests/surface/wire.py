"""Requests as bytes: straight into the app, where no HTTP client tidies them up beforehand."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from tests.world import World


@dataclass(frozen=True, slots=True)
class RawReply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


async def raw(
    world: World,
    method: str,
    path: str,
    *,
    headers: Iterable[tuple[str, bytes]] = (),
    chunks: Iterable[bytes] = (b"",),
    query: bytes = b"",
) -> RawReply:
    """What the app answers to exactly this; nothing is added, and no length is counted."""
    path, _, asked = path.partition("?")
    left = list(chunks)
    sent: list[Any] = []

    async def receive() -> Any:
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query or asked.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value) for name, value in headers],
        "client": ("127.0.0.1", 123),
        "server": ("consulta.test", 80),
    }
    await world.app(scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in sent)
    answered = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return RawReply(start["status"], answered, body)
