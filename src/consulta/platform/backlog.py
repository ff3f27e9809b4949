"""Backlog: how much waits for the worker, for those who watch the metrics."""

from datetime import timedelta

from consulta.platform.jobs import Run, job
from consulta.platform.metrics import BACKLOG, OLDEST

_BACKLOG = """
SELECT 'outbox' AS queue, count(*) AS waiting,
       coalesce(extract(epoch FROM app.now() - min(created_at)), 0)::float8 AS oldest_seconds
FROM app.outbox WHERE state IN ('pending', 'leased')
UNION ALL
SELECT 'outbox parked', count(*), 0 FROM app.outbox WHERE state = 'parked'
UNION ALL
SELECT 'inbox', count(*), coalesce(extract(epoch FROM app.now() - min(received_at)), 0)::float8
FROM app.webhook_events WHERE state IN ('received', 'leased')
UNION ALL
SELECT 'inbox parked', count(*), 0 FROM app.webhook_events WHERE state = 'parked'
"""


@job("backlog.measure", every=timedelta(seconds=30), time_limit=timedelta(seconds=30), loop=True)
async def measure_backlog(run: Run) -> None:
    """Both queues and what is parked of them stand in the metrics of this process."""
    async with run.database.read(run.actor) as work:
        for row in await work.fetch(_BACKLOG):
            BACKLOG.labels(row["queue"]).set(row["waiting"])
            OLDEST.labels(row["queue"]).set(row["oldest_seconds"])
