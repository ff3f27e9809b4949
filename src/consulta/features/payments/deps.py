"""What routes that move money ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.payments.flows import Till


async def _till(request: Request) -> Till:
    till: Till = request.app.state.till
    return till


TillDep = Annotated[Till, Depends(_till)]
