"""What the old functions ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.platform.http.idempotency import Once


async def _unkeyed(request: Request) -> Once:
    return Once(caller="", route="", key=None, vault=request.app.state.vault)


UnkeyedDep = Annotated[Once, Depends(_unkeyed)]
"""No Idempotency-Key is read here: old callers have none (D11)."""
