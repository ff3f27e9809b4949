"""Paths of packages: what is offered, and what was bought."""

from fastapi import APIRouter

from consulta.features.packages.router.offers import router as offers
from consulta.features.packages.router.purchases import router as purchases

router = APIRouter(tags=["packages"])
for part in (offers, purchases):
    router.include_router(part)
