"""What routes that take a coupon's code ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.coupons.flows import Guesses
from consulta.platform.http.deps import ActorDep, DatabaseDep


async def _guesses(request: Request, actor: ActorDep, database: DatabaseDep) -> Guesses:
    return Guesses(database, actor, request.app.state.cursor_key)


GuessesDep = Annotated[Guesses, Depends(_guesses)]
