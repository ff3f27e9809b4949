"""Paths of coupons: a specialist's own, everybody's for admins, and trying a code."""

from fastapi import APIRouter

from consulta.features.coupons.router.everybody import router as everybody
from consulta.features.coupons.router.own import router as own
from consulta.features.coupons.router.trying import router as trying

router = APIRouter()
for part in (own, trying, everybody):
    router.include_router(part)
