"""Job: a timed entrance, and the arithmetic of when it is due."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consulta.platform.job_run import Run

Body = Callable[["Run"], Awaitable[None]]
_ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
"""A Monday, so that weekly jobs begin with the week."""


@dataclass(frozen=True, slots=True)
class Job:
    """What runs, how often, and for how long at most.

    A loop runs every second or ten and writes no rows: what it works on is claimed row by row.
    Every other job is run once per due time, whatever the number of replicas.
    """

    name: str
    body: Body
    time_limit: timedelta
    every: timedelta | None = None
    at: time | None = None
    """The time of day in UTC of a daily job."""
    cron_name: str | None = None
    """The name under `/api/cron/`, for those that a cron daemon may ring for."""
    loop: bool = False

    def __post_init__(self) -> None:
        if (self.every is None) == (self.at is None):
            raise ValueError(f"{self.name}: a job has either an interval or a time of day")
        if self.loop and self.every is None:
            raise ValueError(f"{self.name}: a loop has an interval")
        if self.every is not None and self.every < timedelta(seconds=1):
            raise ValueError(f"{self.name}: the shortest interval is a second")
        if self.time_limit <= timedelta(0):
            raise ValueError(f"{self.name}: a job has a time limit")

    def due_before(self, now: datetime) -> datetime:
        """The latest due time that is not after `now`: the same on every replica.

        Times that were missed while nothing ran melt into this one.
        """
        if self.every is not None:
            return now - (now - _ORIGIN) % self.every
        assert self.at is not None
        today = now.astimezone(UTC).replace(
            hour=self.at.hour, minute=self.at.minute, second=self.at.second, microsecond=0
        )
        return today if today <= now else today - timedelta(days=1)

    @property
    def schedule(self) -> str:
        """For people: `every 0:15:00`, `daily at 02:00 UTC`."""
        if self.at is not None:
            return f"daily at {self.at:%H:%M} UTC"
        return f"every {self.every}"


def job(
    name: str,
    *,
    time_limit: timedelta,
    every: timedelta | None = None,
    at: time | None = None,
    cron_name: str | None = None,
    loop: bool = False,
) -> Callable[[Body], Job]:
    """Makes a `Job` of its body and registers it nowhere: the wiring lists what runs."""

    def declare(body: Body) -> Job:
        return Job(
            name=name,
            body=body,
            time_limit=time_limit,
            every=every,
            at=at,
            cron_name=cron_name,
            loop=loop,
        )

    return declare
