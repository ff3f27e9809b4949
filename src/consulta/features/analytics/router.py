"""Paths of analytics."""

from typing import Any

from fastapi import APIRouter

from consulta.features.analytics import queries
from consulta.features.analytics.schemas import BookingStats
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN
from consulta.platform.http.deps import ReadDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/admin/stats", tags=["admin"])


@router.get(
    "",
    response_model=BookingStats,
    dependencies=[ADMIN],
    summary="Bookings by status, live holds, overdue payments, revenue",
    responses=problems(*ALWAYS, Forbidden),
)
async def stats(work: ReadDep) -> Any:
    return await queries.booking_stats(work)
