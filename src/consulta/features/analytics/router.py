"""Paths of analytics."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from consulta.features.analytics import queries, service
from consulta.features.analytics.errors import PeriodInvalid
from consulta.features.analytics.rules import Unit
from consulta.features.analytics.schemas import BookingStats, StatSeries
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, SPECIALIST
from consulta.platform.http.deps import ReadDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable, Day, TimeZone

router = APIRouter(prefix="/admin/stats", tags=["admin"])
own_router = APIRouter(prefix="/specialists/me/stats", tags=["specialists"])

First = Annotated[
    Day | None, Blankable, Query(alias="from", description="Default: 30 days up to `to`.")
]
Last = Annotated[Day | None, Blankable, Query(alias="to", description="Default: today.")]
By = Annotated[Unit, Query(alias="by", description="Weeks begin on Monday.")]


@router.get(
    "",
    response_model=BookingStats,
    dependencies=[ADMIN],
    summary="Bookings by status, live holds, overdue payments, revenue",
    responses=problems(*ALWAYS, Forbidden),
)
async def stats(work: ReadDep) -> Any:
    return await queries.booking_stats(work)


@router.get(
    "/series",
    dependencies=[ADMIN],
    summary="The house in numbers, or one specialist, ready to plot",
    responses=problems(*ALWAYS, Forbidden, PeriodInvalid),
)
async def house_series(
    work: ReadDep,
    first: First = None,
    last: Last = None,
    unit: By = "day",
    time_zone: Annotated[TimeZone, Query()] = "UTC",
    specialist_id: Annotated[UUID | None, Blankable, Query()] = None,
) -> StatSeries:
    period = await service.period_of(work, first=first, last=last, unit=unit, time_zone=time_zone)
    return await service.numbers_of(work, period, specialist_id=specialist_id)


@own_router.get(
    "",
    dependencies=[SPECIALIST],
    summary="Your practice in numbers, ready to plot",
    responses=problems(*ALWAYS, Forbidden, SpecialistNotFound, PeriodInvalid),
)
async def own_series(
    work: ReadDep,
    first: First = None,
    last: Last = None,
    unit: By = "day",
    time_zone: Annotated[
        TimeZone | None, Blankable, Query(description="Default: your page's.")
    ] = None,
) -> StatSeries:
    zone = await queries.time_zone_of(work, work.person)
    if zone is None:
        raise SpecialistNotFound
    period = await service.period_of(
        work, first=first, last=last, unit=unit, time_zone=time_zone or zone
    )
    return await service.numbers_of(work, period, specialist_id=work.person)
