"""Housekeeping: the machinery's own jobs. The wiring adds them to those of the rooms."""

from datetime import time, timedelta

from consulta.platform import job_rows
from consulta.platform.job import Job, job
from consulta.platform.job_run import Run
from consulta.platform.metrics import BACKLOG, OLDEST
from consulta.platform.outbox import Outbox

OUTBOX_LOOP = "outbox.drain"
RUNS_KEPT_FOR = timedelta(days=30)
_BATCH = 5_000
_SECOND = timedelta(seconds=1)

_BACKLOG = """
SELECT 'outbox' AS queue, count(*) AS waiting,
       coalesce(extract(epoch FROM app.now() - min(created_at)), 0)::float8 AS oldest_seconds
FROM app.outbox WHERE state IN ('pending', 'leased')
UNION ALL
SELECT 'inbox', count(*), coalesce(extract(epoch FROM app.now() - min(received_at)), 0)::float8
FROM app.webhook_events WHERE state IN ('received', 'leased')
"""

_PURGE_KEYS = """
DELETE FROM app.idempotency_keys WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM app.idempotency_keys WHERE expires_at < app.now() LIMIT $1))
"""

# A counter whose time has come says nothing that an absent one would not say.
_PURGE_LIMITS = """
DELETE FROM app.rate_limits WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM app.rate_limits WHERE arrives_at < app.now() LIMIT $1))
"""


def outbox_jobs(outbox: Outbox) -> tuple[Job, ...]:
    """Delivery every second and whenever a commit asks for it; old messages go nightly."""

    @job(OUTBOX_LOOP, every=_SECOND, time_limit=timedelta(minutes=5), loop=True)
    async def drain(run: Run) -> None:
        drained = await outbox.drain()
        run.count(done=drained.delivered + drained.unheard, failed=drained.failed)
        if drained.is_full:
            run.again()

    @job("outbox.purge", at=time(3, 10), time_limit=timedelta(minutes=10))
    async def purge(run: Run) -> None:
        _purged(run, await outbox.purge(limit=_BATCH))

    return drain, purge


@job("job_runs.purge", at=time(3, 30), time_limit=timedelta(minutes=10))
async def purge_runs(run: Run) -> None:
    async with run.database.work(run.actor) as work:
        _purged(run, await job_rows.purge(work, older_than=RUNS_KEPT_FOR, limit=_BATCH))


@job("idempotency_keys.purge", every=timedelta(hours=1), time_limit=timedelta(minutes=10))
async def purge_keys(run: Run) -> None:
    async with run.database.work(run.actor) as work:
        _purged(run, await work.execute(_PURGE_KEYS, _BATCH))


@job("rate_limits.purge", every=timedelta(minutes=10), time_limit=timedelta(minutes=5))
async def purge_limits(run: Run) -> None:
    async with run.database.work(run.actor) as work:
        _purged(run, await work.execute(_PURGE_LIMITS, _BATCH))


@job("backlog.measure", every=timedelta(seconds=15), time_limit=timedelta(seconds=30), loop=True)
async def measure_backlog(run: Run) -> None:
    async with run.database.read(run.actor) as work:
        for row in await work.fetch(_BACKLOG):
            BACKLOG.labels(row["queue"]).set(row["waiting"])
            OLDEST.labels(row["queue"]).set(row["oldest_seconds"])


PLATFORM_JOBS: tuple[Job, ...] = (purge_runs, purge_keys, purge_limits, measure_backlog)


def _purged(run: Run, gone: int) -> None:
    run.count(done=gone)
    if gone == _BATCH:
        run.again()
