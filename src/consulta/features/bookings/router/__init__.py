"""Paths of bookings, a file for each part of a booking's life."""

from fastapi import APIRouter

from consulta.features.bookings.router.booking import router as booking
from consulta.features.bookings.router.bulk import router as bulk
from consulta.features.bookings.router.ending import router as ending
from consulta.features.bookings.router.keeping import router as keeping
from consulta.features.bookings.router.moving import router as moving
from consulta.features.bookings.router.quoting import router as quoting

router = APIRouter()
# Words come before ids: `/bookings/bulk-cancel` is nobody's booking.
for part in (bulk, booking, ending, moving, quoting, keeping):
    router.include_router(part)
