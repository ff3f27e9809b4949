"""What a change of a series leaves behind: an audit entry, a message, a fact."""

from collections.abc import Mapping
from typing import Any

from consulta.features.recurring import events
from consulta.features.recurring.queries.series import Series
from consulta.platform.db.work import Work

_FACTS: Mapping[str, type[events.SeriesFact]] = {
    "created": events.SeriesCreated,
    "changed": events.SeriesChanged,
    "paused": events.SeriesPaused,
    "resumed": events.SeriesResumed,
    "accepted": events.SeriesAccepted,
    "ended": events.SeriesEnded,
}
# What a person wrote stays out of the log.
_LOGGED = (
    *("rate_id", "frequency", "end_date", "local_time", "payment_mode", "package_purchase_id"),
    "saved_method_id",
    *("status", "next_booking_date", "accepted_at", "revision"),
)


async def tell(
    work: Work,
    what: str,
    series: Series,
    *,
    was: Series | None = None,
    **more: Any,
) -> None:
    """The change stands in the audit log, and whoever listens has heard of it."""
    names = [name for name in _LOGGED if was is None or getattr(was, name) != getattr(series, name)]
    work.audit(
        f"series.{what}",
        subject_type="recurring_booking",
        subject_id=series.id,
        old={name: getattr(was, name) for name in names} if was is not None else None,
        new={**{name: getattr(series, name) for name in names}, **more},
    )
    ids = {
        "series_id": series.id,
        "specialist_id": series.specialist_id,
        "client_id": series.client_id,
    }
    work.send(f"series.{what}", ids)
    await work.announce(_FACTS[what](**ids))
