"""What routes of bookings ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.bookings.flows import Lookups
from consulta.platform.http.deps import ActorDep, DatabaseDep
from consulta.platform.signing import Signer


async def _quotes(request: Request) -> Signer:
    quotes: Signer = request.app.state.quotes
    return quotes


async def _lookups(request: Request, actor: ActorDep, database: DatabaseDep) -> Lookups:
    return Lookups(database, actor, request.app.state.cursor_key)


QuotesDep = Annotated[Signer, Depends(_quotes)]
"""What signs the quotes of cancellations."""

LookupsDep = Annotated[Lookups, Depends(_lookups)]
