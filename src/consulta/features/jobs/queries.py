"""What was run, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from consulta.platform.db.paging import BadCursor, Page, PageAsked
from consulta.platform.db.work import Work

_LIST = "job-runs"
_RUNS = """
SELECT id, job, due_at, state, attempts, triggered_by, done_count, skipped_count, failed_count,
       result, last_error, lease_until, started_at, finished_at
FROM app.job_runs
WHERE ($1::text IS NULL OR job = $1) AND ($2::text IS NULL OR state = $2)
  AND ($3::timestamptz IS NULL OR (started_at, id) < ($3, $4::uuid))
ORDER BY started_at DESC, id DESC
LIMIT $5
"""


async def job_runs(
    work: Work, *, job: str | None, state: str | None, page: PageAsked
) -> Page[dict[str, Any]]:
    """A page of runs, of one job or in one state where that is asked for. Raises `BadCursor`."""
    started_at, run_id = _position(page.after(_LIST))
    found = await work.fetch(_RUNS, job, state, started_at, run_id, page.limit + 1)
    rows = [dict(row) for row in found]
    return page.page(_LIST, rows, lambda row: (row["started_at"], row["id"]))


def _position(after: Sequence[Any] | None) -> tuple[datetime | None, UUID | None]:
    if after is None:
        return None, None
    try:
        started_at, run_id = after
        return datetime.fromisoformat(started_at), UUID(run_id)
    except (ValueError, TypeError):
        raise BadCursor from None
