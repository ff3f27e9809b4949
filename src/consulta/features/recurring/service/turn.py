"""The one call behind pausing, resuming, accepting and ending."""

from datetime import date
from uuid import UUID

from consulta.features.recurring.errors import SeriesNotFound
from consulta.features.recurring.queries.series import Series
from consulta.platform.db.work import Work


async def turn(
    work: Work, series_id: UUID, verb: str, *, before: date | None = None
) -> tuple[Series, Series, bool]:
    """The series before and after, and whether this call changed it. Raises `SeriesNotFound`."""
    said = await work.fetchval("SELECT app.turn_series($1, $2, $3)", series_id, verb, before)
    if said is None:
        raise SeriesNotFound
    return Series.of(said["was"]), Series.of(said["series"]), said["changed"]
