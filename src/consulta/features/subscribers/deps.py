"""What the routes of subscribers ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.subscribers.flows import Courier


async def _courier(request: Request) -> Courier:
    courier: Courier = request.app.state.courier
    return courier


CourierDep = Annotated[Courier, Depends(_courier)]
