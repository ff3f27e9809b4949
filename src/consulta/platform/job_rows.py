"""The rows of `job_runs`: who may run what, until when, and what came of it.

The row is the lock and the log (D14). Whoever has the row with its present fence runs; whoever
comes back with an older fence finds nothing to write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from consulta.platform.db.work import Work
from consulta.platform.failures import alert

MOST_ATTEMPTS = 5


class RunState(StrEnum):
    """What became of a run. `RUNNING` also means: at work elsewhere, or to be resumed soon."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Counts:
    """What a run has done so far, item by item."""

    done: int = 0
    skipped: int = 0
    failed: int = 0

    @property
    def got_done(self) -> int:
        """What need not be looked at again."""
        return self.done + self.skipped


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run, for as long as nobody has raised the fence."""

    run_id: UUID
    job: str
    due_at: datetime
    now: datetime
    fence: int
    attempts: int
    counts: Counts
    failing: Mapping[str, Any] = field(default_factory=dict)
    """Items that failed in earlier runs; see `Run.set_aside`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request to run came to, for those who asked."""

    job: str
    state: RunState
    due_at: datetime | None = None
    run_id: UUID | None = None
    counts: Counts = field(default_factory=Counts)
    result: Mapping[str, Any] | None = None
    last_error: str | None = None
    is_ours: bool = True
    """False where another run of the same job, or of the same due time, was found instead."""

    @property
    def is_running(self) -> bool:
        return self.state is RunState.RUNNING


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands at its present due time."""

    job: str
    is_known: bool
    is_live: bool
    lapsed_due_at: datetime | None


_STANDINGS = """
SELECT j.job,
       EXISTS (SELECT FROM app.job_runs r WHERE r.job = j.job AND r.due_at = j.due_at) AS is_known,
       EXISTS (SELECT FROM app.job_runs r WHERE r.job = j.job AND r.state = 'running'
                                          AND r.lease_until > app.now()) AS is_live,
       (SELECT max(r.due_at) FROM app.job_runs r
        WHERE r.job = j.job AND r.state = 'running' AND r.lease_until <= app.now()) AS lapsed_due_at
FROM unnest($1::text[], $2::timestamptz[]) AS j (job, due_at)
"""

# Two runs of one job may have different due times (the clock's and a person's), so that the unique
# key alone would let them run side by side. The lock ends with this short transaction.
_SERIALISE = "SELECT pg_advisory_xact_lock(4919003, hashtext($1))"

_LIVE = """
SELECT id, due_at, done_count, skipped_count, failed_count, last_error
FROM app.job_runs
WHERE job = $1 AND state = 'running' AND lease_until > app.now()
LIMIT 1
"""

_REPLACE_LAPSED = """
UPDATE app.job_runs
SET state = 'failed', fence = fence + 1, finished_at = app.now(),
    last_error = coalesce(last_error, 'LEASE_LAPSED')
WHERE job = $1 AND due_at <> $2 AND state = 'running'
"""

_GIVE_UP = """
UPDATE app.job_runs
SET state = 'failed', fence = fence + 1, finished_at = app.now(),
    last_error = coalesce(last_error, 'LEASE_LAPSED')
WHERE job = $1 AND due_at = $2 AND state = 'running' AND attempts >= $3
"""

_TAKE_OVER = """
UPDATE app.job_runs
SET fence = fence + 1, attempts = attempts + 1, lease_until = app.now() + $3::interval
WHERE job = $1 AND due_at = $2 AND state = 'running'
RETURNING id, fence, attempts, done_count, skipped_count, failed_count
"""

_INSERT = """
INSERT INTO app.job_runs (job, due_at, lease_until, triggered_by)
VALUES ($1, $2, app.now() + $3::interval, $4)
ON CONFLICT (job, due_at) DO NOTHING
RETURNING id, fence, attempts, done_count, skipped_count, failed_count
"""

_SETTLED = """
SELECT id, state, due_at, done_count, skipped_count, failed_count, result, last_error
FROM app.job_runs WHERE job = $1 AND due_at = $2
"""

_FAILING = """
SELECT result -> 'failing' FROM app.job_runs
WHERE job = $1 AND state <> 'running' AND result IS NOT NULL
ORDER BY due_at DESC LIMIT 1
"""

_RENEW = """
UPDATE app.job_runs
SET lease_until = app.now() + $3::interval, done_count = $4, skipped_count = $5, failed_count = $6
WHERE id = $1 AND fence = $2 AND state = 'running'
"""

_FINISH = """
UPDATE app.job_runs
SET state = $3, done_count = $4, skipped_count = $5, failed_count = $6, result = $7,
    last_error = $8, finished_at = app.now()
WHERE id = $1 AND fence = $2 AND state = 'running'
"""

_HELD = """
SELECT 1 FROM app.job_runs WHERE id = $1 AND fence = $2 AND state = 'running' FOR SHARE
"""


async def standings(work: Work, due: Sequence[tuple[str, datetime]]) -> Mapping[str, Standing]:
    """How each of these jobs stands at its due time, in one question."""
    rows = await work.fetch(_STANDINGS, [name for name, _ in due], [at for _, at in due])
    return {row["job"]: Standing(**row) for row in rows}


async def claim(
    work: Work, *, job: str, due_at: datetime, triggered_by: str, lease_for: timedelta
) -> Lease | Outcome:
    """A lease on the run of that due time, or how it already stands.

    While a run of the same job is under way, whatever its due time, nobody else gets a lease. A
    lapsed run of an earlier due time is closed: this one does its work.
    """
    await work.execute(_SERIALISE, job)
    live = await work.fetchrow(_LIVE, job)
    if live is not None:
        return _found(job, live, RunState.RUNNING)
    await work.execute(_REPLACE_LAPSED, job, due_at)
    if await work.execute(_GIVE_UP, job, due_at, MOST_ATTEMPTS):
        alert("a run was given up after its last attempt", during=job, due_at=due_at)
    row = await work.fetchrow(_TAKE_OVER, job, due_at, lease_for)
    if row is None:
        row = await work.fetchrow(_INSERT, job, due_at, lease_for, triggered_by)
    if row is None:
        settled = await work.fetchrow(_SETTLED, job, due_at)
        assert settled is not None
        return _found(job, settled, RunState(settled["state"]), result=settled["result"])
    return Lease(
        run_id=row["id"],
        job=job,
        due_at=due_at,
        now=await work.now(),
        fence=row["fence"],
        attempts=row["attempts"],
        counts=_counts(row),
        failing=await work.fetchval(_FAILING, job) or {},
    )


async def is_held(work: Work, lease: Lease) -> bool:
    """Whether the run is still ours; if so it stays ours until this transaction ends."""
    return await work.fetchval(_HELD, lease.run_id, lease.fence) is not None


async def renew(work: Work, lease: Lease, *, counts: Counts, lease_for: timedelta) -> bool:
    """The lease is longer and the progress visible; False where somebody else has taken over."""
    renewed = await work.execute(
        _RENEW, lease.run_id, lease.fence, lease_for, counts.done, counts.skipped, counts.failed
    )
    return renewed == 1


async def finish(
    work: Work,
    lease: Lease,
    *,
    state: RunState,
    counts: Counts,
    result: Mapping[str, Any] | None,
    last_error: str | None,
) -> bool:
    """The run is settled; False, and nothing written, where somebody else has taken over."""
    finished = await work.execute(
        _FINISH,
        lease.run_id,
        lease.fence,
        str(state),
        counts.done,
        counts.skipped,
        counts.failed,
        result,
        last_error,
    )
    return finished == 1


async def release(
    work: Work, lease: Lease, *, counts: Counts, after: timedelta, error: str
) -> bool:
    """The run stays to be done: anybody may take it over once `after` has passed."""
    renewed = await renew(work, lease, counts=counts, lease_for=after)
    if renewed:
        await work.execute(
            "UPDATE app.job_runs SET last_error = $3 WHERE id = $1 AND fence = $2",
            lease.run_id,
            lease.fence,
            error,
        )
    return renewed


def _found(job: str, row: Any, state: RunState, *, result: Any = None) -> Outcome:
    return Outcome(
        job=job,
        state=state,
        due_at=row["due_at"],
        run_id=row["id"],
        counts=_counts(row),
        result=result,
        last_error=row["last_error"],
        is_ours=False,
    )


def _counts(row: Any) -> Counts:
    return Counts(row["done_count"], row["skipped_count"], row["failed_count"])
