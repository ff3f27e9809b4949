"""Paths of admins: coupons of the house, and of any specialist."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, Field
from starlette.responses import Response

from consulta.features.coupons import queries, service
from consulta.features.coupons.errors import ADD_ERRORS, CHANGE_ERRORS
from consulta.features.coupons.schemas import CouponOut, CouponPatch, HouseCouponCreate
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable, Text

router = APIRouter(prefix="/admin/coupons", tags=["admin"])

_ADMIN = (*ALWAYS, Forbidden)
Flag = Annotated[bool | None, Blankable, Query()]
Word = Annotated[
    Annotated[Text, Field(max_length=40), AfterValidator(str.upper)] | None, Blankable, Query()
]


@router.get(
    "",
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, BadCursor),
    summary="List coupons",
)
async def list_coupons(
    page: PageDep,
    work: ReadDep,
    specialist_id: Annotated[UUID | None, Blankable, Query()] = None,
    is_of_house: Annotated[Flag, Query(description="Those without a specialist.")] = None,
    code: Word = None,
    is_active: Flag = None,
) -> PageOut[CouponOut]:
    """The newest first."""
    found = await queries.coupons(
        work,
        specialist_id=specialist_id,
        is_of_house=is_of_house,
        code=code,
        is_active=is_active,
        page=page,
    )
    return PageOut(items=[CouponOut.of(row) for row in found.items], next_cursor=found.next_cursor)


@router.post(
    "",
    status_code=201,
    response_model=CouponOut,
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, *OPTIONAL_ERRORS, *ADD_ERRORS, SpecialistNotFound),
    summary="Make a coupon of the house, or of a specialist",
)
async def add_coupon(body: HouseCouponCreate, work: WorkDep, once: OptionalOnceDep) -> Response:
    async def act() -> tuple[UUID, CouponOut]:
        made = await service.add(work, body, specialist_id=body.specialist_id)
        return made.id, made

    return await once.run(work, body, act)


@router.patch(
    "/{coupon_id}",
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, *CHANGE_ERRORS),
    summary="Change the terms of any coupon, or end it",
)
async def change_coupon(coupon_id: UUID, body: CouponPatch, work: WorkDep) -> CouponOut:
    """Bookings keep the discount that they were made with."""
    return await service.change(work, body, coupon_id=coupon_id, owner=None)
