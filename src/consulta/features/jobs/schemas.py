"""What is said about jobs and their runs."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from consulta.platform.http.schema import Answer
from consulta.platform.jobs import Job, Outcome


class JobOut(Answer):
    """A job, and when it is due."""

    name: str = Field(examples=["bookings.expire"])
    cron_name: str | None = Field(examples=["cleanup-bookings"])
    schedule: str = Field(examples=["every 0:15:00"])
    time_limit_seconds: int
    is_loop: bool

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        return cls(
            name=job.name,
            cron_name=job.cron_name,
            schedule=job.schedule,
            time_limit_seconds=int(job.time_limit.total_seconds()),
            is_loop=job.loop,
        )


class JobsOut(Answer):
    items: list[JobOut]


class JobRunOut(Answer):
    """One run of a job. `last_error` is a code and never a message."""

    id: UUID
    job: str
    due_at: datetime
    state: Literal["running", "done", "failed"]
    attempts: int
    triggered_by: str
    done_count: int
    skipped_count: int
    failed_count: int
    result: dict[str, Any] | None
    last_error: str | None
    lease_until: datetime
    started_at: datetime
    finished_at: datetime | None


class JobTriggered(Answer):
    """What ringing for a job came to; `running` also when a run was under way already."""

    success: bool
    job: str
    state: Literal["running", "done", "failed"]
    run_id: UUID | None
    done_count: int
    skipped_count: int
    failed_count: int
    result: dict[str, Any] | None
    last_error: str | None

    @classmethod
    def of(cls, outcome: Outcome) -> "JobTriggered":
        return cls(
            success=outcome.state != "failed",
            job=outcome.job,
            state=outcome.state.value,
            run_id=outcome.run_id,
            done_count=outcome.counts.done,
            skipped_count=outcome.counts.skipped,
            failed_count=outcome.counts.failed,
            result=dict(outcome.result) if outcome.result is not None else None,
            last_error=outcome.last_error,
        )
