"""Gathering the numbers of a period."""

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from consulta.features.analytics import queries
from consulta.features.analytics.errors import PeriodInvalid
from consulta.features.analytics.rules import MOST_POINTS, USUAL_DAYS, Period, Unit, points
from consulta.features.analytics.schemas import Found, StatSeries, stat_series
from consulta.platform.db.work import Work


async def period_of(
    work: Work, *, first: date | None, last: date | None, unit: Unit, time_zone: str
) -> Period:
    """The dates asked for; what was left out makes 30 days, up to today on that clock.

    Raises `PeriodInvalid`.
    """
    if last is None:
        today = (await work.now()).astimezone(ZoneInfo(time_zone)).date()
        last = today if first is None else max(today, first)
    if first is None:
        first = last - timedelta(days=USUAL_DAYS - 1)
    if last < first or points(first, last, unit) > MOST_POINTS:
        raise PeriodInvalid
    return Period(first, last, unit, time_zone)


async def numbers_of(work: Work, period: Period, *, specialist_id: UUID | None) -> StatSeries:
    """Series over the period, of one specialist or of the whole house."""
    found = Found(
        bookings=await queries.bookings_by_status(work, period, specialist_id=specialist_id),
        revenue=await queries.revenue_of_sessions(work, period, specialist_id=specialist_id),
        cancellations=await queries.cancellations(work, period, specialist_id=specialist_id),
        packages=await queries.package_sales(work, period, specialist_id=specialist_id),
    )
    return stat_series(period, found)
