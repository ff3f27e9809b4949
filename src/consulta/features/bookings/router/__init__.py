"""Paths of bookings, a file for each part of a booking's life."""

from fastapi import APIRouter

from consulta.features.bookings.router.booking import router as booking
from consulta.features.bookings.router.bulk import router as bulk
from consulta.features.bookings.router.ending import router as ending
from consulta.features.bookings.router.keeping import router as keeping
from consulta.features.bookings.router.moving import router as moving
from consulta.features.bookings.router.quoting import router as quoting

router = APIRouter()
for part in (booking, ending, moving, bulk, quoting, keeping):
    router.include_router(part)
