"""Backlog: how much waits for the worker, for those who watch the metrics."""

from datetime import timedelta

from consulta.platform.jobs import Run, job
from consulta.platform.metrics import BACKLOG, OLDEST

MOST_COUNTED = 50_000
"""Whoever is so far behind need not know by how much; counting must not make it worse."""

# What is to be done later, a reminder or the next attempt, does not wait yet: of mail, webhooks
# and meetings only what is due is counted, along the index by which it is claimed. In the order of
# its index, what is parked is read by that, whatever the planner last heard of so rare a state.
BACKLOG_QUERY = f"""
SELECT queue, count(*) AS waiting,
       coalesce(extract(epoch FROM app.now() - min(since)), 0)::float8 AS oldest_seconds
FROM (
    (SELECT 'outbox' AS queue, created_at AS since FROM app.outbox
     WHERE state IN ('pending', 'leased') ORDER BY xid, id LIMIT {MOST_COUNTED})
    UNION ALL
    (SELECT 'outbox parked', NULL FROM app.outbox WHERE state = 'parked'
     ORDER BY id LIMIT {MOST_COUNTED})
    UNION ALL
    (SELECT 'inbox', received_at FROM app.webhook_events
     WHERE state IN ('received', 'leased') LIMIT {MOST_COUNTED})
    UNION ALL
    (SELECT 'inbox parked', NULL FROM app.webhook_events WHERE state = 'parked'
     ORDER BY id LIMIT {MOST_COUNTED})
    UNION ALL
    (SELECT 'mail', next_attempt_at FROM app.notifications
     WHERE state IN ('pending', 'leased') AND next_attempt_at <= app.now()
     ORDER BY next_attempt_at LIMIT {MOST_COUNTED})
    UNION ALL
    (SELECT 'mail', next_attempt_at FROM app.account_letters
     WHERE state IN ('pending', 'leased') AND next_attempt_at <= app.now()
     ORDER BY next_attempt_at, id LIMIT {MOST_COUNTED})
    UNION ALL
    (SELECT 'webhooks', next_attempt_at FROM app.webhook_deliveries
     WHERE state IN ('pending', 'leased') AND next_attempt_at <= app.now() LIMIT {MOST_COUNTED})
    UNION ALL
    (SELECT 'meetings', next_attempt_at FROM app.meetings
     WHERE made_revision < wanted_revision AND parked_at IS NULL AND next_attempt_at <= app.now()
     ORDER BY next_attempt_at LIMIT {MOST_COUNTED})
) waiting
GROUP BY queue
"""

_QUEUES = ("outbox", "outbox parked", "inbox", "inbox parked", "mail", "webhooks", "meetings")


@job("backlog.measure", every=timedelta(seconds=30), time_limit=timedelta(seconds=30), loop=True)
async def measure_backlog(run: Run) -> None:
    """Every queue, and what is parked of those that people look after, stands in the metrics of
    this process; of each table up to 50,000 are counted.
    """
    async with run.database.read(run.actor) as work:
        found = {row["queue"]: row for row in await work.fetch(BACKLOG_QUERY)}
    for queue in _QUEUES:
        row = found.get(queue)
        BACKLOG.labels(queue).set(row["waiting"] if row is not None else 0)
        OLDEST.labels(queue).set(row["oldest_seconds"] if row is not None else 0)
