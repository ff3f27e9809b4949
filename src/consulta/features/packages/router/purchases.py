"""Paths of what was bought: buying, paying, looking, giving the rest back."""

from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.availability.errors import NotAccepting
from consulta.features.packages import errors, flows, queries, schemas, service
from consulta.features.packages.router.shown import position, shown
from consulta.features.payments import errors as payment_errors
from consulta.features.payments.bodies import PaymentAgain
from consulta.features.payments.deps import TillDep
from consulta.features.specialists.errors import RateNotFound, SpecialistNotFound
from consulta.kernel.actor import Role
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import PERSON, SIGNED_IN, require
from consulta.platform.db.paging import BadCursor
from consulta.platform.http import idempotency
from consulta.platform.http.answers import json_response
from consulta.platform.http.deps import ActorDep, PageDep, PageOut, ReadDep
from consulta.platform.http.idempotency import OnceDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter()

_LONGEST_LEDGER = 2000


@router.post(
    "/packages/{package_id}/purchases",
    status_code=201,
    response_model=schemas.PurchaseOut,
    dependencies=[PERSON],
    responses=problems(
        *ALWAYS,
        *idempotency.ERRORS,
        Forbidden,
        errors.PackageNotFound,
        errors.CannotBuyFromYourself,
        SpecialistNotFound,
        RateNotFound,
        NotAccepting,
    ),
    summary="Buy a package",
)
async def buy(
    package_id: UUID,
    actor: ActorDep,
    till: TillDep,
    once: OnceDep,
    body: schemas.PurchaseCreate | None = None,
) -> Response:
    """The money is taken at once, and the credits are there when it was."""
    return await flows.buy(till, actor, once, package_id, body or schemas.PurchaseCreate())


@router.get(
    "/package-purchases",
    response_model=PageOut[schemas.PurchaseOut],
    dependencies=[SIGNED_IN],
    responses=problems(*ALWAYS, BadCursor),
    summary="My purchases, or those of my packages, the newest first",
)
async def list_purchases(
    page: PageDep,
    work: ReadDep,
    till: TillDep,
    status: Annotated[
        list[schemas.Status] | None,
        Query(max_length=5, description="May be repeated: any of them."),
    ] = None,
    specialist_id: UUID | None = None,
    role: Annotated[
        Literal["client", "specialist"] | None,
        Query(description="Those that you bought, or that were bought from you; or both."),
    ] = None,
) -> Response:
    rows = await queries.purchases_of(
        work,
        bought_by=work.actor.id if role == "client" else None,
        sold_by=work.actor.id if role == "specialist" else None,
        specialist_id=specialist_id,
        statuses=status,
        after=position(page.after("package_purchases")),
        limit=page.limit,
    )
    found = page.page("package_purchases", rows, lambda row: (row["created_at"], row["id"]))
    # The payer's secret is for the page of one purchase, not for lists.
    items = [shown(row, work, till, with_action=False) for row in found.items]
    return json_response({"items": items, "next_cursor": found.next_cursor})


@router.get(
    "/package-purchases/{purchase_id}",
    response_model=schemas.PurchaseDetails,
    dependencies=[SIGNED_IN],
    responses=problems(*ALWAYS, errors.PackagePurchaseNotFound),
    summary="A purchase, with the ledger of its credits",
)
async def one(purchase_id: UUID, work: ReadDep, till: TillDep) -> Response:
    row = await queries.purchase(work, purchase_id)
    if row is None:
        raise errors.PackagePurchaseNotFound
    ledger = await queries.ledger_of(work, purchase_id, limit=_LONGEST_LEDGER)
    return json_response({**shown(row, work, till), "credits": [dict(credit) for credit in ledger]})


@router.post(
    "/package-purchases/{purchase_id}/payments",
    status_code=201,
    response_model=schemas.PurchaseOut,
    dependencies=[PERSON],
    responses=problems(
        *ALWAYS,
        *idempotency.ERRORS,
        Forbidden,
        errors.PackagePurchaseNotFound,
        errors.PackageNotUnpaid,
        payment_errors.PaymentNotPending,
        payment_errors.PaymentOperationUnderWay,
    ),
    summary="Pay again after a decline, or with another method",
)
async def pay_again(
    purchase_id: UUID, body: PaymentAgain, actor: ActorDep, till: TillDep, once: OnceDep
) -> Response:
    return await flows.pay_again(till, actor, once, purchase_id, body)


@router.get(
    "/package-purchases/{purchase_id}/refund-quote",
    dependencies=[SIGNED_IN],
    responses=problems(*ALWAYS, errors.PackagePurchaseNotFound),
    summary="What a refund would return at this moment",
)
async def quote(purchase_id: UUID, work: ReadDep) -> schemas.RefundQuote:
    return schemas.RefundQuote(**asdict(await service.quote(work, purchase_id=purchase_id)))


@router.post(
    "/package-purchases/{purchase_id}/refund",
    response_model=schemas.PurchaseOut,
    dependencies=[require(Role.SPECIALIST, Role.ADMIN)],
    responses=problems(
        *ALWAYS,
        *idempotency.ERRORS,
        Forbidden,
        errors.PackagePurchaseNotFound,
        errors.NothingToRefund,
        payment_errors.RefundExceedsCaptured,
        payment_errors.PaymentInDispute,
        payment_errors.PaymentOperationUnderWay,
    ),
    summary="Refund what is not used of a purchase",
)
async def refund(purchase_id: UUID, actor: ActorDep, till: TillDep, once: OnceDep) -> Response:
    """The unused credits are gone; a session that has one keeps it."""
    return await flows.refund(till, actor, once, purchase_id)
