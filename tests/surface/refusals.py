"""What a refusal looks like, whatever was refused."""

import json
from collections.abc import Mapping
from typing import Any

from consulta.routes import OLD_SHAPES
from tests.house.app import the_app

DOCUMENT = the_app().openapi()
_MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def is_documented(door: str, status: int) -> bool:
    """Whether the API document says that this route may answer that."""
    method, _, path = door.partition(" ")
    return str(status) in DOCUMENT["paths"][path][method.lower()]["responses"]


def is_older(door: str) -> bool:
    """Whether this address keeps the shape in which an older system told errors."""
    return door.partition(" ")[2] in OLD_SHAPES


def said_at(door: str, code: str) -> str:
    """The code that a request which cannot be read gets there."""
    return "INVALID_REQUEST" if is_older(door) else code


def ensure_refused(
    door: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    why: str,
    unsaid: str | None = None,
) -> Any:
    """The answer is a documented problem document of the 4xx kind, or the same in an older shape,
    and `unsaid` is not in it.
    """
    said = f"{door} with {why}: {status} {body[:300]!r}"
    assert unsaid is None or unsaid not in body.decode(), said
    assert 400 <= status < 500, said
    assert is_documented(door, status), said
    problem = json.loads(body)
    if is_older(door):
        assert headers["content-type"] == "application/json", said
        assert problem.keys() == {"success", "error", "message"}, said
        return {**problem, "status": status, "code": problem["error"]}
    assert headers["content-type"] == "application/problem+json", said
    assert problem.keys() >= _MEMBERS, said
    assert problem["status"] == status, said
    assert problem["request_id"] == headers["x-request-id"], said
    return problem
