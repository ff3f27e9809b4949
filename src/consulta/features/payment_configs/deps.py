"""What the routes of payment configs ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.payment_configs.flows import Safe


async def _safe(request: Request) -> Safe:
    safe: Safe = request.app.state.safe
    return safe


SafeDep = Annotated[Safe, Depends(_safe)]
