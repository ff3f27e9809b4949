"""At addresses of old a problem document is told in another shape; all else passes untouched."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from starlette.types import Message, Receive, Scope, Send

from consulta.platform.http.older import OlderShape

OLD, NEW = "/old", "/new"
PROBLEM = {"status": 409, "code": "TAKEN", "detail": "It is taken.", "type": "about:blank"}


def retell(status: int, code: str, detail: str) -> tuple[int, Mapping[str, Any]]:
    return status + 1, {"error": code, "message": detail}


async def answer(path: str, *, media_type: bytes, chunks: list[bytes]) -> tuple[Message, bytes]:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", media_type),
            (b"content-length", str(sum(map(len, chunks))).encode()),
            (b"retry-after", b"2"),
        ]
        await send({"type": "http.response.start", "status": 409, "headers": headers})
        for number, chunk in enumerate(chunks, start=1):
            more = number < len(chunks)
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    shaped = OlderShape(app, addresses={OLD: retell})
    await shaped({"type": "http", "path": path}, receive, send)
    return sent[0], b"".join(message["body"] for message in sent[1:])


@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_problem_is_told_as_before(pieces: int) -> None:
    body = orjson.dumps(PROBLEM)
    size = len(body) // pieces + 1
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    start, told = await answer(OLD, media_type=b"application/problem+json", chunks=chunks)
    assert (start["status"], orjson.loads(told)) == (
        410,
        {"error": "TAKEN", "message": "It is taken."},
    )
    assert dict(start["headers"]) == {
        b"content-type": b"application/json",
        b"content-length": str(len(told)).encode(),
        b"retry-after": b"2",
    }


@pytest.mark.parametrize(
    ("path", "media_type"),
    [(NEW, b"application/problem+json"), (OLD, b"application/json"), (OLD + "/", b"text/plain")],
)
async def test_everything_else_passes_untouched(path: str, media_type: bytes) -> None:
    body = orjson.dumps(PROBLEM)
    start, told = await answer(path, media_type=media_type, chunks=[body[:5], body[5:]])
    assert (start["status"], told) == (409, body)
    assert dict(start["headers"])[b"content-type"] == media_type
