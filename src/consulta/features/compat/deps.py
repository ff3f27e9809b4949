"""What the old functions ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.platform.http.idempotency import Once
from consulta.platform.http.problems import UnsupportedBody


async def _unkeyed(request: Request) -> Once:
    return Once(caller="", route="", key=None, vault=request.app.state.vault)


UnkeyedDep = Annotated[Once, Depends(_unkeyed)]
"""No Idempotency-Key is read here: old callers have none (D11)."""


async def body_of(request: Request) -> bytes:
    """What was sent as JSON, or without a word about what it is: old callers do not say. Raises
    `UnsupportedBody`.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"", "application/json"}:
        raise UnsupportedBody
    return await request.body()
