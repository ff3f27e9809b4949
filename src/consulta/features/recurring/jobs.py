"""Timed entrances of series: the dispatch of every date that is due.

Batches are transactions of their own, two at a time, each of whole calendars. Whatever is killed or
refused half-way is still due, and nothing of it has happened.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time as clock
from datetime import timedelta
from uuid import UUID

from consulta.features.recurring.queries import dispatch as queries
from consulta.features.recurring.queries.dispatch import Due
from consulta.features.recurring.service.dispatch import DispatchTerms, dispatch, put_off
from consulta.kernel.errors import Unavailable
from consulta.platform.db.constraints import DatabaseAway
from consulta.platform.failures import alert, code_of, report
from consulta.platform.jobs import Job, Run, job

NO_RATES = "No rates found"
LANES = 2
MOST_PASSES = 50
MOST_IDLE_PASSES = 5
MOST_FAILURES = 100
"""When more series than this fail in a run, the fault is not theirs."""

MOST_TOLD = 100
_IDLE_SECONDS = 0.2
_FIRST_BATCH, _SMALLEST_BATCH, _LARGEST_BATCH = 500, 100, 5_000
_BATCH_SECONDS = 0.5
"""People who book in a calendar of the batch wait as long, and not near their time-out."""


def jobs_of(terms: DispatchTerms) -> tuple[Job, ...]:
    """The nightly dispatch, and an hourly one for what has become due since or was left."""

    @job(
        "recurring.dispatch",
        at=clock(2, 0),
        time_limit=timedelta(minutes=30),
        cron_name="dispatch-recurring",
    )
    async def dispatch_recurring(run: Run) -> None:
        """Every date within the lead is booked or skipped, and that is on the record."""
        await _dispatch_due(run, terms, is_quiet=False)

    @job("recurring.catch_up", every=timedelta(hours=1), time_limit=timedelta(minutes=30))
    async def catch_up(run: Run) -> None:
        """The same; a run that found nothing leaves no entry."""
        await _dispatch_due(run, terms, is_quiet=True)

    return (dispatch_recurring, catch_up)


@dataclass(slots=True)
class _Tally:
    """What a run has done so far; `aside` is not to be taken up again in it."""

    series: int = 0
    booked: int = 0
    failed: int = 0
    unfinished: int = 0
    errors: dict[UUID, str] = field(default_factory=dict)

    @property
    def progress(self) -> tuple[int, int]:
        return self.series, len(self.errors)


class _Queue:
    """Series that are due, handed out in batches that cut no calendar in two if they can."""

    def __init__(self, due: Sequence[Due]) -> None:
        self._due = due
        self._next = 0

    def take(self, size: int) -> list[UUID]:
        start, end = self._next, min(self._next + size, len(self._due))
        most = min(self._next + _LARGEST_BATCH, len(self._due))
        while 0 < end < most and self._due[end].specialist_id == self._due[end - 1].specialist_id:
            end += 1
        self._next = end
        return [one.series_id for one in self._due[start:end]]


async def _dispatch_due(run: Run, terms: DispatchTerms, *, is_quiet: bool) -> None:
    tally = _Tally()
    idle_passes = 0
    for _ in range(MOST_PASSES):
        async with run.database.read(run.actor) as work:
            due = await queries.due_series(
                work, lead_days=terms.lead_days, except_for=list(tally.errors)
            )
        if not due or idle_passes == MOST_IDLE_PASSES:
            break
        before, unfinished = tally.progress, tally.unfinished
        await _all_lanes(run, _Queue(due), terms, tally)
        all_taken = tally.series - before[0] == len(due) < queries.MOST_DUE
        if all_taken and tally.unfinished == unfinished:
            break
        if tally.progress == before:
            # Others hold whatever is left: people who book are done soon.
            idle_passes += 1
            await asyncio.sleep(_IDLE_SECONDS)
    await _tell(run, tally, is_quiet=is_quiet)


async def _all_lanes(run: Run, queue: _Queue, terms: DispatchTerms, tally: _Tally) -> None:
    try:
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(_work_off(run, queue, terms, tally))
    except* Exception as errors:  # noqa: BLE001 - what failed in a lane is the run's failure
        raise errors.exceptions[0] from None


async def _work_off(run: Run, queue: _Queue, terms: DispatchTerms, tally: _Tally) -> None:
    """Batches grow and shrink towards half a second."""
    size = _FIRST_BATCH
    while batch := queue.take(size):
        begun = time.monotonic()
        await _dispatch(run, batch, terms, tally)
        took = max(time.monotonic() - begun, 0.001)
        fitting = int(len(batch) * _BATCH_SECONDS / took)
        size = min(max(fitting, _SMALLEST_BATCH), _LARGEST_BATCH)


async def _dispatch(run: Run, batch: Sequence[UUID], terms: DispatchTerms, tally: _Tally) -> None:
    """The batch, in one transaction; where that fails, its halves, down to the series at fault."""
    try:
        async with run.database.work(run.actor) as work:
            done = await dispatch(work, batch, terms=terms)
    except DatabaseAway:
        raise
    except Unavailable as error:
        report(error, during=run.name)  # It passes by itself: the batch is still due.
        return
    except Exception as error:  # noqa: BLE001 - the boundary of a batch
        failure = error
    else:
        tally.series += done.series
        tally.booked += done.booked
        tally.unfinished += done.unfinished
        run.count(done=done.booked, skipped=done.skipped)
        for series_id in done.without_rate:
            _without_rate(run, series_id, tally)
        return
    if tally.failed >= MOST_FAILURES:
        raise failure
    if len(batch) == 1:
        await _put_off(run, batch[0], failure, tally)
        return
    middle = len(batch) // 2
    await _dispatch(run, batch[:middle], terms, tally)
    await _dispatch(run, batch[middle:], terms, tally)


async def _put_off(run: Run, series_id: UUID, error: Exception, tally: _Tally) -> None:
    tally.errors[series_id] = code_of(error)
    tally.failed += 1
    run.count(failed=1)
    report(error, during=run.name, series=series_id)
    async with run.database.work(run.actor) as work:
        is_parked = await put_off(work, series_id=series_id, code=code_of(error))
    if is_parked:
        alert("a series is parked", during=run.name, series=series_id)


def _without_rate(run: Run, series_id: UUID, tally: _Tally) -> None:
    tally.errors[series_id] = NO_RATES
    run.count(failed=1)
    if len(tally.errors) <= MOST_TOLD:
        alert(NO_RATES, during=run.name, series=series_id)


async def _tell(run: Run, tally: _Tally, *, is_quiet: bool) -> None:
    errors = [
        {"recurring_id": str(series_id), "error": error}
        for series_id, error in list(tally.errors.items())[:MOST_TOLD]
    ]
    run.tell(dispatched=tally.booked, errors=errors)
    if is_quiet and not tally.series and not errors:
        return
    async with run.database.work(run.actor) as work:
        work.audit(
            "recurring_bookings_dispatched",
            subject_type="job",
            subject_id=run.lease.run_id if run.lease is not None else None,
            new={"dispatched": tally.booked, "errors": len(tally.errors)},
            status="success_with_errors" if errors else "success",
        )
