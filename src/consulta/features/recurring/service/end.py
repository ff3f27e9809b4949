"""A series ends, wholly or from a date on; or one of its dates is left out."""

from datetime import date
from uuid import UUID

from consulta.features.recurring.errors import SeriesNotFound
from consulta.features.recurring.queries.series import Series
from consulta.features.recurring.service.tell import tell
from consulta.features.recurring.service.turn import turn
from consulta.platform.db.work import Work


async def end(work: Work, *, series_id: UUID, before: date | None) -> None:
    """No booking will be made of it any more, or none for `before` and later dates. Bookings that
    stand are the caller's to call off. Raises SeriesNotFound. The second time nothing happens.
    """
    was, series, changed = await turn(work, series_id, "end", before=before)
    if changed:
        await tell(work, "ended" if series.status == "ended" else "changed", series, was=was)


async def leave_out(work: Work, *, series_id: UUID, on_date: date) -> UUID | None:
    """No booking will be made for that date; where one was made, its id, and it is the caller's to
    call off. Raises SeriesNotFound, SeriesDateNotFound. The second time nothing happens.
    """
    said = await work.fetchval("SELECT app.leave_out_of_series($1, $2)", series_id, on_date)
    if said is None:
        raise SeriesNotFound
    series = Series.of(said["series"])
    if said["changed"]:
        await tell(work, "changed", series, was=series, left_out=on_date)
        if series.status == "ended":
            await tell(work, "ended", series, was=series, left_out=on_date)
    return UUID(said["booking_id"]) if said["booking_id"] else None
