"""Jobs for tests: one that tidies things every minute, and when it is due."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from consulta.platform.jobs import Job, Run, job

MINUTE = timedelta(minutes=1)


def every(
    body: Callable[[Run], Awaitable[None]],
    *,
    interval: timedelta = MINUTE,
    limit: timedelta = MINUTE,
    loop: bool = False,
) -> Job:
    return job("things.tidy", every=interval, time_limit=limit, loop=loop)(body)


async def nothing(_run: Run) -> None:
    """A body that is content at once."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DUE = at("2026-11-20T12:15:00")
