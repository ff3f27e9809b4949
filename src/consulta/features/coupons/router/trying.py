"""The path of whoever has a code and wants to know what it is worth."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field

from consulta.features.coupons import flows
from consulta.features.coupons.deps import GuessesDep
from consulta.features.coupons.errors import COUPON_ERRORS
from consulta.features.coupons.schemas import CouponValidOut
from consulta.features.specialists.errors import RateNotFound, SpecialistNotFound
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Text

router = APIRouter(prefix="/coupons", tags=["coupons"])


@router.get(
    "/{code}/validate",
    dependencies=[SIGNED_IN],
    responses=problems(*ALWAYS, *COUPON_ERRORS, SpecialistNotFound, RateNotFound),
    summary="What a code would take off a session",
)
async def validate(
    code: Annotated[Text, Path(), Field(max_length=40)],
    specialist_id: UUID,
    rate_id: UUID,
    guesses: GuessesDep,
) -> CouponValidOut:
    """For you, at this moment. It takes no use: who books first, has it."""
    return await flows.validate(guesses, code, specialist_id=specialist_id, rate_id=rate_id)
