"""Dispatching a batch of series: their due dates become bookings, or are skipped with a reason.

One batch is one transaction; who calls decides which series make a batch, and what a failure means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from consulta.platform.db.work import Work
from consulta.platform.metrics import BOOKINGS

PARKED_AFTER_TRIES = 5


@dataclass(frozen=True, slots=True)
class DispatchTerms:
    """How many days ahead sessions are booked, and who takes the money where the specialist has
    not chosen.
    """

    lead_days: int
    provider: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of the series of a batch; those that others held meanwhile are not among them."""

    series: int
    booked: int
    skipped: int
    unfinished: int
    """Series of which even more dates may be due."""

    without_rate: Sequence[UUID]
    """A date of theirs waits until the rate can be booked again, or the date has passed."""


async def dispatch(work: Work, series_ids: Sequence[UUID], *, terms: DispatchTerms) -> Batch:
    """The due dates of those series, at most eight of each, are booked or skipped, and the series
    stand at their next dates. Nobody is waited for. Once in a transaction.
    """
    said: Mapping[str, Any] = await work.fetchval(
        "SELECT app.dispatch_series($1, $2, $3, $4)",
        list(series_ids),
        terms.lead_days,
        terms.provider,
        work.actor.label,
    )
    for status, count in said["booked"].items():
        BOOKINGS.labels(status).inc(count)
    return Batch(
        series=said["series"],
        booked=sum(said["booked"].values()),
        skipped=said["skipped"],
        unfinished=said["unfinished"],
        without_rate=[UUID(one) for one in said["waiting"]],
    )


async def put_off(work: Work, *, series_id: UUID, code: str) -> bool:
    """A series that could not be dispatched rests: five minutes, twenty …; after five tries it is
    parked until somebody changes or resumes it. True where this was the last try.
    """
    tries = await work.fetchval(_PUT_OFF, series_id, code, PARKED_AFTER_TRIES)
    if tries is None or tries < PARKED_AFTER_TRIES:
        return False
    work.audit(
        "series.parked",
        subject_type="recurring_booking",
        subject_id=series_id,
        new={"failed_attempts": tries, "last_error": code},
        status="failure",
    )
    return True


_PUT_OFF = """
UPDATE app.recurring_bookings
SET failed_attempts = failed_attempts + 1, last_error = $2,
    next_attempt_at = CASE WHEN failed_attempts + 1 >= $3 THEN 'infinity'
        ELSE app.now() + interval '5 minutes' * 4 ^ failed_attempts END
WHERE id = $1 AND is_active
RETURNING failed_attempts
"""
