"""Paths of payments, and the sandbox's stand-in for the payer's browser."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.payments import errors, flows, queries, schemas
from consulta.features.payments.deps import TillDep
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import PERSON, SIGNED_IN
from consulta.platform.db.work import Work
from consulta.platform.http.answers import json_response
from consulta.platform.http.deps import ActorDep, ReadDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.providers.payments.port import ChargeRefused

router = APIRouter(prefix="/payments", tags=["payments"])
sandbox_router = APIRouter(prefix="/sandbox/payments", tags=["sandbox"])


@router.get(
    "/{payment_id}",
    response_model=schemas.PaymentDetails,
    dependencies=[SIGNED_IN],
    summary="A payment",
    responses=problems(*ALWAYS, errors.PaymentNotFound),
)
async def one(payment_id: UUID, work: ReadDep) -> Response:
    return await _payment(work, payment_id)


@sandbox_router.post(
    "/{payment_id}/method",
    response_model=schemas.PaymentDetails,
    dependencies=[PERSON],
    summary="Sandbox: the payer's browser presents a payment method",
    responses=problems(
        *ALWAYS, Forbidden, errors.PaymentNotFound, errors.PaymentNotPending, ChargeRefused
    ),
)
async def present(
    payment_id: UUID, body: schemas.SandboxMethod, actor: ActorDep, till: TillDep
) -> Response:
    await flows.present_at_sandbox(till, actor, payment_id, body.payment_method)
    return await _refreshed(payment_id, actor, till)


@sandbox_router.post(
    "/{payment_id}/action",
    response_model=schemas.PaymentDetails,
    dependencies=[PERSON],
    summary="Sandbox: the payer completes or fails the action (3-D Secure)",
    responses=problems(
        *ALWAYS, Forbidden, errors.PaymentNotFound, errors.PaymentNotPending, ChargeRefused
    ),
)
async def act(
    payment_id: UUID, body: schemas.SandboxAction, actor: ActorDep, till: TillDep
) -> Response:
    await flows.act_at_sandbox(till, actor, payment_id, succeed=body.succeed)
    return await _refreshed(payment_id, actor, till)


async def _refreshed(payment_id: UUID, actor: ActorDep, till: TillDep) -> Response:
    async with till.database.read(actor) as work:
        return await _payment(work, payment_id)


async def _payment(work: Work, payment_id: UUID) -> Response:
    row = await queries.payment(work, payment_id)
    if row is None:
        raise errors.PaymentNotFound
    return json_response(schemas.payment_out(row))
