"""Paths of a specialist's own gateway accounts, and of everybody's for admins."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.payment_configs import flows, queries, service
from consulta.features.payment_configs.deps import SafeDep
from consulta.features.payment_configs.errors import PUT_ERRORS, PaymentConfigNotFound
from consulta.features.payment_configs.schemas import (
    AnyPaymentConfigOut,
    PaymentConfigOut,
    PaymentConfigsOut,
    PayTabsConfigPut,
    Provider,
    RazorpayConfigPut,
    StripeConfigPut,
)
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.kernel.actor import Actor
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, SPECIALIST
from consulta.platform.db.paging import BadCursor
from consulta.platform.db.work import Work
from consulta.platform.http.deps import ActorDep, PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable

router = APIRouter(tags=["payment_configs"])

_OWN = "/specialists/me/payment-configs"
_PUT = problems(*ALWAYS, Forbidden, SpecialistNotFound, *PUT_ERRORS)
_END = problems(*ALWAYS, Forbidden, PaymentConfigNotFound)


@router.get(
    _OWN,
    dependencies=[SPECIALIST],
    responses=problems(*ALWAYS, Forbidden),
    summary="List the gateway accounts that you are or were paid through",
)
async def list_own(work: ReadDep, safe: SafeDep) -> PaymentConfigsOut:
    """The newest first."""
    rows = await queries.own_configs(work)
    return PaymentConfigsOut(items=[PaymentConfigOut.of(row, safe.reach) for row in rows])


@router.put(
    f"{_OWN}/stripe",
    dependencies=[SPECIALIST],
    responses=_PUT,
    summary="Be paid through your own Stripe account",
)
async def put_stripe(body: StripeConfigPut, actor: ActorDep, safe: SafeDep) -> PaymentConfigOut:
    """New payments are charged there; those of before keep their account. A webhook secret that is
    replaced is accepted for another 24 hours.
    """
    return await _put(body, actor, safe)


@router.put(
    f"{_OWN}/razorpay",
    dependencies=[SPECIALIST],
    responses=_PUT,
    summary="Be paid through your own Razorpay account",
)
async def put_razorpay(body: RazorpayConfigPut, actor: ActorDep, safe: SafeDep) -> PaymentConfigOut:
    """As for Stripe. Razorpay exchanges the id of a key along with its secret: say
    `is_same_account` when you rotate.
    """
    return await _put(body, actor, safe)


@router.put(
    f"{_OWN}/paytabs",
    dependencies=[SPECIALIST],
    responses=_PUT,
    summary="Be paid through your own PayTabs profile",
)
async def put_paytabs(body: PayTabsConfigPut, actor: ActorDep, safe: SafeDep) -> PaymentConfigOut:
    """As for Stripe. The server key signs letters, too, so there is no other secret."""
    return await _put(body, actor, safe)


@router.delete(
    f"{_OWN}/stripe",
    status_code=204,
    dependencies=[SPECIALIST],
    responses=_END,
    summary="Stop being paid through your own Stripe account",
)
async def end_stripe(work: WorkDep) -> Response:
    """For new payments: those that it made are still captured, released and returned through
    it, so its keys are kept.
    """
    return await _end(work, "stripe")


@router.delete(
    f"{_OWN}/razorpay",
    status_code=204,
    dependencies=[SPECIALIST],
    responses=_END,
    summary="Stop being paid through your own Razorpay account",
)
async def end_razorpay(work: WorkDep) -> Response:
    """As for Stripe."""
    return await _end(work, "razorpay")


@router.delete(
    f"{_OWN}/paytabs",
    status_code=204,
    dependencies=[SPECIALIST],
    responses=_END,
    summary="Stop being paid through your own PayTabs profile",
)
async def end_paytabs(work: WorkDep) -> Response:
    """As for Stripe."""
    return await _end(work, "paytabs")


@router.get(
    "/admin/payment-configs",
    dependencies=[ADMIN],
    responses=problems(*ALWAYS, Forbidden, BadCursor),
    summary="List gateway accounts of specialists",
)
async def list_all(
    page: PageDep,
    work: ReadDep,
    safe: SafeDep,
    specialist_id: Annotated[UUID | None, Blankable, Query()] = None,
    provider: Annotated[Provider | None, Blankable, Query()] = None,
    is_active: Annotated[bool | None, Blankable, Query()] = None,
) -> PageOut[AnyPaymentConfigOut]:
    """The newest first."""
    found = await queries.configs(
        work, specialist_id=specialist_id, provider=provider, is_active=is_active, page=page
    )
    items = [AnyPaymentConfigOut.of(row, safe.reach) for row in found.items]
    return PageOut(items=items, next_cursor=found.next_cursor)


async def _put(
    body: StripeConfigPut | RazorpayConfigPut | PayTabsConfigPut, actor: Actor, safe: SafeDep
) -> PaymentConfigOut:
    row = await flows.put(safe, actor, body.offered(), is_same_account=body.is_same_account)
    return PaymentConfigOut.of(row, safe.reach)


async def _end(work: Work, provider: Provider) -> Response:
    await service.end(work, provider=provider)
    return Response(status_code=204)
