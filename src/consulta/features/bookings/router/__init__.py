"""Paths of bookings, a file for each part of a booking's life."""

from fastapi import APIRouter

from consulta.features.bookings.router.booking import router as booking
from consulta.features.bookings.router.ending import router as ending

router = APIRouter()
for part in (booking, ending):
    router.include_router(part)
