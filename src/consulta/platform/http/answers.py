"""Answers whose bodies are built once, by us: no second pass through a model; and those that are
not sent to whoever has them already.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response


def json_bytes(body: Any) -> bytes:
    """`body` as JSON; times as RFC 3339, ids as text."""
    # The driver's ids are a subclass of UUID, which orjson does not look through.
    return orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)


def json_response(body: Any, status_code: int = 200) -> Response:
    """An answer with `body` as JSON."""
    return Response(json_bytes(body), status_code, media_type="application/json")


def kept(
    content: bytes,
    request: Request,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer with its entity tag, or 304 where the client has these bytes already. Who may store
    them is said by a `Cache-Control` in `headers`; without one nobody may, as everywhere.
    """
    etag = etag_of(content)
    tagged = {**(headers or {}), "ETag": etag}
    if matches(etag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=tagged)
    return Response(content, headers=tagged, media_type=media_type)


def etag_of(content: bytes) -> str:
    """A strong entity tag: the same bytes have the same one, on every replica."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def matches(etag: str, if_none_match: str | None) -> bool:
    """Whether a client that sent this If-None-Match has these bytes already (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    known = (one.strip().removeprefix("W/") for one in if_none_match.split(","))
    return if_none_match.strip() == "*" or etag in known
