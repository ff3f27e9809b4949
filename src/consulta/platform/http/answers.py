"""Answers whose bodies are built once, by us: no second pass through a model."""

from typing import Any

import orjson
from starlette.responses import Response


def json_bytes(body: Any) -> bytes:
    """`body` as JSON; times as RFC 3339, ids as text."""
    # The driver's ids are a subclass of UUID, which orjson does not look through.
    return orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)


def json_response(body: Any, status_code: int = 200) -> Response:
    """An answer with `body` as JSON."""
    return Response(json_bytes(body), status_code, media_type="application/json")
