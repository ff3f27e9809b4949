"""Paths of reconciliation: findings, and the operations behind payments. For admins."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.payments import errors as payment_errors
from consulta.features.payments.deps import TillDep
from consulta.features.reconciliation import errors, flows, queries, schemas, service
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN
from consulta.platform.db.paging import BadCursor
from consulta.platform.http import idempotency
from consulta.platform.http.answers import json_response
from consulta.platform.http.deps import ActorDep, PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable
from consulta.providers.payments.port import ProviderUnavailable

router = APIRouter(prefix="/admin", tags=["admin"])

_ADMIN = (*ALWAYS, Forbidden)
_AT_PROVIDER = (
    ProviderUnavailable,
    payment_errors.ProviderNotConfigured,
    payment_errors.PaymentMovedOn,
    payment_errors.AmountMismatch,
    payment_errors.ChargeRefused,
)
Remedy = Annotated[schemas.RemedyName | None, Blankable, Query(alias="class")]
State = Annotated[schemas.FindingState | None, Blankable, Query()]
OperationState = Annotated[schemas.OperationState | None, Blankable, Query()]
PaymentId = Annotated[UUID | None, Blankable, Query()]


@router.get(
    "/reconciliation",
    response_model=PageOut[schemas.FindingOut],
    dependencies=[ADMIN],
    summary="Where providers' books and ours differed, the newest first",
    responses=problems(*_ADMIN, BadCursor),
)
async def list_findings(
    page: PageDep, work: ReadDep, remedy: Remedy = None, state: State = None
) -> Response:
    found = await queries.findings(work, remedy=remedy, state=state, page=page)
    items = [schemas.finding_out(row) for row in found.items]
    return json_response({"items": items, "next_cursor": found.next_cursor})


@router.post(
    "/reconciliation/{finding_id}/settle",
    response_model=schemas.FindingOut,
    dependencies=[ADMIN],
    summary="Say that a difference is dealt with, or none of ours",
    responses=problems(*_ADMIN, errors.FindingNotFound, errors.FindingSettled),
)
async def settle(finding_id: UUID, body: schemas.FindingSettlement, work: WorkDep) -> Response:
    await service.settle(work, finding_id=finding_id, state=body.state, note=body.note)
    row = await queries.finding(work, finding_id)
    assert row is not None
    return json_response(schemas.finding_out(row))


@router.post(
    "/reconciliation/{finding_id}/replay",
    response_model=schemas.FindingOut,
    dependencies=[ADMIN],
    summary="Look at a difference anew, and mend it where that is safe by now",
    responses=problems(*_ADMIN, *_AT_PROVIDER, errors.FindingNotFound, errors.FindingSettled),
)
async def replay_finding(finding_id: UUID, actor: ActorDep, till: TillDep) -> Response:
    return json_response(schemas.finding_out(await flows.look_again(till, actor, finding_id)))


@router.get(
    "/operations",
    response_model=PageOut[schemas.OperationOut],
    dependencies=[ADMIN],
    summary="What has to happen at providers, the newest first",
    responses=problems(*_ADMIN, BadCursor),
)
async def list_operations(
    page: PageDep, work: ReadDep, state: OperationState = None, payment_id: PaymentId = None
) -> Response:
    found = await queries.operations(work, state=state, payment_id=payment_id, page=page)
    items = [schemas.operation_out(row) for row in found.items]
    return json_response({"items": items, "next_cursor": found.next_cursor})


@router.post(
    "/operations/{operation_id}/replay",
    status_code=201,
    response_model=schemas.OperationOut,
    dependencies=[ADMIN],
    summary="Try a dead operation anew, by another that takes its place",
    responses=problems(
        *_ADMIN,
        *idempotency.ERRORS,
        *_AT_PROVIDER,
        errors.OperationNotFound,
        errors.OperationNotReplayable,
        errors.OperationHasHappened,
        payment_errors.PaymentNotCapturable,
        payment_errors.PaymentNotVoidable,
        payment_errors.PaymentNotRefundable,
        payment_errors.RefundExceedsCaptured,
        payment_errors.PaymentInDispute,
        payment_errors.PaymentOperationUnderWay,
    ),
)
async def replay_operation(
    operation_id: UUID, actor: ActorDep, till: TillDep, once: OnceDep
) -> Response:
    return await flows.replay_operation(till, actor, once, operation_id)
