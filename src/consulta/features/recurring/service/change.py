"""Changing a series for the dates of which nothing has become yet."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from consulta.features.recurring import rules
from consulta.features.recurring.errors import SeriesNotFound
from consulta.features.recurring.queries import series as queries
from consulta.features.recurring.queries.series import Series
from consulta.features.recurring.service.tell import tell
from consulta.platform.db.work import Work


async def change(
    work: Work,
    *,
    series_id: UUID,
    changes: Mapping[str, Any],
    revision: int | None,
    is_dry_run: bool,
) -> Series:
    """The series as `changes` make it, one revision on; a dry run decides the same and writes
    nothing. Where its end comes before its next date, it has ended. A client who changes the rate
    or the payment asks for the specialist's acceptance again.

    Raises SeriesNotFound, SeriesEnded, SeriesChangedMeanwhile, EndDateOutOfRange, and as `create`
    does for a rate or a payment mode.
    """
    stands = await queries.series(work, series_id)
    if stands is None:
        raise SeriesNotFound
    if changes.get("end_date") is not None:
        calendar = await queries.calendar_of(work, stands["specialist_id"])
        end = date.fromisoformat(changes["end_date"])
        today = calendar.today if calendar is not None else stands["start_date"]
        rules.check_end(end, start=stands["start_date"], today=today)
    said = await work.fetchval(
        "SELECT app.change_series($1, $2, $3, $4)", series_id, revision, dict(changes), is_dry_run
    )
    was, series = Series.of(said["was"]), Series.of(said["series"])
    if said["changed"] and not is_dry_run:
        await tell(work, "changed", series, was=was)
        if series.status == "ended":
            await tell(work, "ended", series, was=was)
    return series
