"""Paths of a specialist's own coupons."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.coupons import queries, service
from consulta.features.coupons.errors import ADD_ERRORS, CHANGE_ERRORS, CouponNotFound
from consulta.features.coupons.schemas import CouponCreate, CouponOut, CouponPatch, CouponUsageOut
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import SPECIALIST
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable

router = APIRouter(prefix="/specialists/me/coupons", tags=["coupons"])

_OWN = (*ALWAYS, Forbidden)


@router.get(
    "",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, BadCursor),
    summary="List your coupons",
)
async def list_own(
    page: PageDep, work: ReadDep, is_active: Annotated[bool | None, Blankable, Query()] = None
) -> PageOut[CouponOut]:
    """The newest first, ended ones included."""
    found = await queries.own_coupons(work, is_active=is_active, page=page)
    return PageOut(items=[CouponOut.of(row) for row in found.items], next_cursor=found.next_cursor)


@router.post(
    "",
    status_code=201,
    response_model=CouponOut,
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, *OPTIONAL_ERRORS, *ADD_ERRORS, SpecialistNotFound),
    summary="Make a coupon",
)
async def add(body: CouponCreate, work: WorkDep, once: OptionalOnceDep) -> Response:
    async def act() -> tuple[UUID, CouponOut]:
        made = await service.add(work, body, specialist_id=work.person)
        return made.id, made

    return await once.run(work, body, act)


@router.get(
    "/{coupon_id}",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, CouponNotFound),
    summary="Read one of your coupons",
)
async def read_own(coupon_id: UUID, work: ReadDep) -> CouponOut:
    row = await queries.coupon(work, coupon_id, owner=work.person)
    if row is None:
        raise CouponNotFound
    return CouponOut.of(row)


@router.patch(
    "/{coupon_id}",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, *CHANGE_ERRORS),
    summary="Change the terms of a coupon, or end it",
)
async def change(coupon_id: UUID, body: CouponPatch, work: WorkDep) -> CouponOut:
    """Bookings keep the discount that they were made with."""
    return await service.change(work, body, coupon_id=coupon_id, owner=work.person)


@router.get(
    "/{coupon_id}/usages",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, CouponNotFound, BadCursor),
    summary="List the bookings that used a coupon",
)
async def list_usages(coupon_id: UUID, page: PageDep, work: ReadDep) -> PageOut[CouponUsageOut]:
    """The newest first."""
    if await queries.coupon(work, coupon_id, owner=work.person) is None:
        raise CouponNotFound
    found = await queries.usages_of(work, coupon_id, page=page)
    return PageOut(
        items=[CouponUsageOut.of(row) for row in found.items], next_cursor=found.next_cursor
    )
