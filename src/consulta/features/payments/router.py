"""Paths of payments, and the sandbox's stand-in for the payer's browser."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from consulta.features.payments import errors, flows, queries, schemas
from consulta.features.payments.deps import PorchDep, TillDep
from consulta.kernel.actor import Role
from consulta.kernel.errors import Forbidden, RateLimited
from consulta.platform.auth.guards import OPEN, PERSON, SIGNED_IN, require
from consulta.platform.db.work import Work
from consulta.platform.http import idempotency
from consulta.platform.http.answers import json_response
from consulta.platform.http.deps import ActorDep, ReadDep
from consulta.platform.http.idempotency import OnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.providers.payments.port import ChargeRefused

router = APIRouter(prefix="/payments", tags=["payments"])
sandbox_router = APIRouter(prefix="/sandbox/payments", tags=["sandbox"])

DECIDES = require(Role.SPECIALIST, Role.ADMIN)


@router.get(
    "/{payment_id}",
    response_model=schemas.PaymentDetails,
    dependencies=[SIGNED_IN],
    summary="A payment",
    responses=problems(*ALWAYS, errors.PaymentNotFound),
)
async def one(payment_id: UUID, work: ReadDep) -> Response:
    return await _payment(work, payment_id)


@router.post(
    "/{payment_id}/refunds",
    status_code=201,
    response_model=schemas.RefundMade,
    dependencies=[DECIDES],
    summary="Return money that was taken, in part or all that is left",
    responses=problems(
        *ALWAYS,
        *idempotency.ERRORS,
        Forbidden,
        errors.PaymentNotFound,
        errors.PaymentNotRefundable,
        errors.RefundExceedsCaptured,
        errors.PaymentInDispute,
        errors.PaymentOperationUnderWay,
    ),
)
async def refund(
    payment_id: UUID,
    actor: ActorDep,
    till: TillDep,
    once: OnceDep,
    body: schemas.RefundCreate | None = None,
) -> Response:
    return await flows.refund(till, actor, once, payment_id, body or schemas.RefundCreate())


@router.get(
    "/{payment_id}/refunds",
    response_model=schemas.Refunds,
    dependencies=[SIGNED_IN],
    summary="What went back of a payment, or is on its way, the newest first",
    responses=problems(*ALWAYS, errors.PaymentNotFound),
)
async def refunds(payment_id: UUID, work: ReadDep) -> Response:
    if await queries.payment(work, payment_id) is None:
        raise errors.PaymentNotFound
    items = [schemas.refund_out(row) for row in await queries.refunds_of(work, payment_id)]
    return json_response({"items": items})


@router.post(
    "/{payment_id}/mark-paid",
    response_model=schemas.PaymentDetails,
    dependencies=[DECIDES],
    summary="The money was handed over: a payment by hand is paid",
    responses=problems(
        *ALWAYS,
        *idempotency.ERRORS,
        Forbidden,
        errors.PaymentNotFound,
        errors.PaymentNotByHand,
        errors.PaymentNotPayable,
        errors.PaymentAmountDiffers,
        errors.PaymentOperationUnderWay,
    ),
)
async def mark_paid(
    payment_id: UUID,
    actor: ActorDep,
    till: TillDep,
    once: OnceDep,
    body: schemas.HandedOver | None = None,
) -> Response:
    return await flows.mark_paid(till, actor, once, payment_id, body or schemas.HandedOver())


@router.post(
    "/{payment_id}/mark-returned",
    response_model=schemas.PaymentDetails,
    dependencies=[DECIDES],
    summary="Money of a payment by hand was given back, in part or all of it",
    responses=problems(
        *ALWAYS,
        *idempotency.ERRORS,
        Forbidden,
        errors.PaymentNotFound,
        errors.PaymentNotByHand,
        errors.PaymentNotRefundable,
        errors.RefundNotDue,
        errors.RefundExceedsCaptured,
        errors.PaymentOperationUnderWay,
    ),
)
async def mark_returned(
    payment_id: UUID,
    actor: ActorDep,
    till: TillDep,
    once: OnceDep,
    body: schemas.HandedBack | None = None,
) -> Response:
    return await flows.mark_returned(till, actor, once, payment_id, body or schemas.HandedBack())


# Payers come from a page of theirs; what they bring is the key, whoever they are.
Hosted = Literal["stripe", "razorpay", "paytabs"]
Account = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
_RETURNS = problems(
    *ALWAYS,
    RateLimited,
    errors.SignatureRejected,
    errors.PaymentNotFound,
    errors.ProviderNotConfigured,
)
_FORM = {
    "requestBody": {
        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    }
}


@router.get(
    "/return/{provider}",
    name="come_back_by_get",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[OPEN],
    summary="The payer comes back from a provider's page, and is sent on",
    responses=_RETURNS,
)
@router.post(
    "/return/{provider}",
    name="come_back",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[OPEN],
    summary="The payer comes back from a provider's page with a form, and is sent on",
    responses=_RETURNS,
    openapi_extra=_FORM,
)
async def come_back(provider: Hosted, request: Request, porch: PorchDep) -> RedirectResponse:
    """To `PAYMENT_RETURN_URL`, or to the address that the payer asked for where it is one of our
    frontends; with `booking_id` or `package_purchase_id`, and `payment`: how that stands.
    """
    return await _sent_on(porch, request, provider=provider, account="")


@router.get(
    "/return/{provider}/{account}",
    name="come_back_from_account_by_get",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[OPEN],
    summary="The payer comes back from the page of a specialist's own account",
    responses=_RETURNS,
)
@router.post(
    "/return/{provider}/{account}",
    name="come_back_from_account",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[OPEN],
    summary="The payer comes back from the page of a specialist's own account with a form",
    responses=_RETURNS,
    openapi_extra=_FORM,
)
async def come_back_from_account(
    provider: Hosted, account: Account, request: Request, porch: PorchDep
) -> RedirectResponse:
    """As from the platform's own account, verified with the keys of this one."""
    return await _sent_on(porch, request, provider=provider, account=account)


async def _sent_on(
    porch: PorchDep, request: Request, *, provider: str, account: str
) -> RedirectResponse:
    is_get = request.method == "GET"
    form = request.scope["query_string"] if is_get else await request.body()
    address = await flows.come_back(porch, provider=provider, account=account, form=form)
    return RedirectResponse(address, status_code=303)


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
    """The name decides: `pm_sandbox_visa` is approved; `pm_sandbox_declined` and
    `pm_sandbox_insufficient_funds` are refused; `pm_sandbox_3ds` waits for the action;
    `pm_sandbox_late` is approved a minute later; a refund to `pm_sandbox_refund_fails` comes back
    after a minute; what was taken with `pm_sandbox_dispute` is disputed for ever, and with
    `pm_sandbox_dispute_won` or `pm_sandbox_dispute_lost` for five minutes, until the bank decides
    so; with `pm_sandbox_unavailable` the provider cannot be reached.
    """
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
