"""Paths by which a specialist answers for many bookings at once."""

from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.bookings import flows, schemas
from consulta.features.bookings.router.shown import DECIDES
from consulta.features.payments.deps import TillDep
from consulta.kernel.errors import Forbidden
from consulta.platform.http import idempotency
from consulta.platform.http.deps import ActorDep
from consulta.platform.http.idempotency import OnceDep, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/bookings", tags=["bookings"])


@router.post(
    "/bulk-cancel",
    response_model=schemas.BulkCancelOut,
    dependencies=[DECIDES],
    summary="Cancel up to fifty bookings, each in full favour of its client",
    responses=problems(*ALWAYS, Forbidden, *idempotency.ERRORS),
)
async def bulk_cancel(
    body: schemas.BulkCancel, actor: ActorDep, till: TillDep, once: OnceDep
) -> Response:
    return await flows.bulk_cancel(till, actor, once, body)


@router.post(
    "/bulk-propose",
    response_model=schemas.BulkProposeOut,
    dependencies=[DECIDES],
    summary="Propose another time for up to fifty bookings",
    responses=problems(*ALWAYS, Forbidden, *idempotency.OPTIONAL_ERRORS),
)
async def bulk_propose(
    body: schemas.BulkPropose, actor: ActorDep, till: TillDep, once: OptionalOnceDep
) -> Response:
    return await flows.bulk_propose(till, actor, once, body)
