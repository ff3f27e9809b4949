"""Reading what a dispatch works on, and what it came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from consulta.platform.db.work import Work

MOST_DUE = 100_000


@dataclass(frozen=True, slots=True)
class Due:
    """A series with a date to be booked now."""

    series_id: UUID
    specialist_id: UUID


async def due_series(
    work: Work, *, lead_days: int, except_for: Sequence[UUID], limit: int = MOST_DUE
) -> list[Due]:
    """Those of one calendar side by side, the earlier series first; at most 100,000."""
    rows = await work.fetch(
        "SELECT series_id, specialist_id FROM app.due_series($1, $2, $3)",
        lead_days,
        list(except_for),
        limit,
    )
    return [Due(row["series_id"], row["specialist_id"]) for row in rows]


async def bookings_of_run(work: Work, run_id: UUID, *, limit: int) -> list[dict[str, Any]]:
    """The bookings that a run of the dispatcher made, by its own entries in the audit log."""
    rows = await work.fetch(
        """
        SELECT a.subject_id AS booking_id, (a.new_values ->> 'series_id')::uuid AS recurring_id,
               (a.new_values ->> 'starts_at')::timestamptz AS starts_at,
               a.new_values ->> 'status' AS status
        FROM app.audit_logs a
        WHERE a."timestamp" >= (SELECT r.started_at FROM app.job_runs r WHERE r.id = $1)
          AND a.request_id = 'job-' || $1::text AND a.action = 'booking.requested'
        ORDER BY a.id LIMIT $2
        """,
        run_id,
        limit,
    )
    return [dict(row) for row in rows]
