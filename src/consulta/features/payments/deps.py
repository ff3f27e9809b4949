"""What routes that move money ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.payments.flows import Porch, Till
from consulta.platform.auth.turns import address_of


async def _till(request: Request) -> Till:
    till: Till = request.app.state.till
    return till


TillDep = Annotated[Till, Depends(_till)]


async def _porch(request: Request, till: TillDep) -> Porch:
    settings = request.app.state.settings
    return Porch(
        till,
        address=address_of(request),
        secret=request.app.state.cursor_key,
        default=settings.payment_return_url,
        origins={origin.rstrip("/").lower() for origin in settings.http.allowed_origins},
    )


PorchDep = Annotated[Porch, Depends(_porch)]
