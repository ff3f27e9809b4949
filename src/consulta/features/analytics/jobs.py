"""Timed entrances of analytics: the numbers, for a cron daemon that watches the house."""

from datetime import timedelta

from consulta.features.analytics import queries
from consulta.platform.jobs import Run, job


@job(
    "analytics.booking_stats",
    every=timedelta(hours=1),
    time_limit=timedelta(minutes=1),
    cron_name="booking-stats",
)
async def tell_booking_stats(run: Run) -> None:
    """The run row, and the cron route's answer, carry the numbers of that hour."""
    async with run.database.read(run.actor) as work:
        run.tell(**await queries.booking_stats(work))


JOBS = (tell_booking_stats,)
