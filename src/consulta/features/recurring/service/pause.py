"""A series rests."""

from uuid import UUID

from consulta.features.recurring.service.tell import tell
from consulta.features.recurring.service.turn import turn
from consulta.platform.db.work import Work


async def pause(work: Work, *, series_id: UUID) -> None:
    """No bookings are made of it until it is resumed; those that stand are not touched.

    Raises SeriesNotFound, SeriesEnded. Paused already: nothing happens.
    """
    was, series, changed = await turn(work, series_id, "pause")
    if changed:
        await tell(work, "paused", series, was=was)
