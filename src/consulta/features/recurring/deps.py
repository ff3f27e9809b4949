"""What routes that begin or change series ask for."""

from typing import Annotated

from fastapi import Depends, Request

from consulta.features.payments.deps import TillDep
from consulta.features.recurring.flows import Desk
from consulta.features.recurring.service.dispatch import DispatchTerms


async def _terms(request: Request) -> DispatchTerms:
    terms: DispatchTerms = request.app.state.dispatch_terms
    return terms


DispatchTermsDep = Annotated[DispatchTerms, Depends(_terms)]


async def _desk(till: TillDep, terms: DispatchTermsDep) -> Desk:
    return Desk(till, terms)


DeskDep = Annotated[Desk, Depends(_desk)]
