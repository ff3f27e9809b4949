"""A series goes on."""

from uuid import UUID

from consulta.features.recurring.queries.series import Series
from consulta.features.recurring.service.tell import tell
from consulta.features.recurring.service.turn import turn
from consulta.platform.db.work import Work


async def resume(work: Work, *, series_id: UUID) -> Series:
    """It is active, at the first date of its rhythm that is still to come: nothing is caught up.
    Where its end has passed meanwhile, it has ended. One that failed too often is tried again.

    Raises SeriesNotFound, SeriesEnded. Active already: nothing happens.
    """
    was, series, changed = await turn(work, series_id, "resume")
    if changed:
        await tell(work, "ended" if series.status == "ended" else "resumed", series, was=was)
    return series
