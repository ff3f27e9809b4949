"""Scheduler: APScheduler as a clock and nothing more. It pokes; what is due, and who may run it, is
decided by the database, so any number of replicas may tick.
"""

import time
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from consulta.platform.failures import report
from consulta.platform.job import Job
from consulta.platform.jobs import Jobs
from consulta.platform.metrics import LAST_TICK, MISSED_TICKS

TICK_SECONDS = 5.0
_SETTINGS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}


class Scheduler:
    """Ticks every few seconds for what is due, and at its own pace for each loop."""

    def __init__(self, jobs: Jobs, *, tick_seconds: float = TICK_SECONDS) -> None:
        self.jobs = jobs
        self.tick_seconds = tick_seconds
        self._clock: AsyncIOScheduler | None = None
        self._ticked_at: float | None = None

    @property
    def is_running(self) -> bool:
        return self._clock is not None

    @property
    def age_seconds(self) -> float | None:
        """How long ago the clock last ticked; None while it does not run."""
        if self._clock is None or self._ticked_at is None:
            return None
        return time.monotonic() - self._ticked_at

    def start(self) -> None:
        """The clock ticks, in the running event loop; the first tick is immediate."""
        if self._clock is not None:
            return
        clock = AsyncIOScheduler(timezone=UTC, job_defaults=_SETTINGS)
        clock.add_listener(_count_missed, EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        # Jitter keeps replicas that were started together from asking together.
        clock.add_job(
            self.tick,
            "interval",
            seconds=self.tick_seconds,
            jitter=self.tick_seconds / 5,
            next_run_time=datetime.now(UTC),
        )
        for loop in self.jobs.loops:
            assert loop.every is not None
            seconds = loop.every.total_seconds()
            clock.add_job(self._loop, "interval", [loop], seconds=seconds, jitter=seconds / 5)
        self._ticked_at = time.monotonic()
        clock.start()
        self._clock = clock

    async def tick(self) -> None:
        """Whatever is due is under way. A database that does not answer is tried at the next."""
        self._ticked_at = time.monotonic()
        LAST_TICK.set(time.time())
        try:
            await self.jobs.start_due()
        except Exception as error:  # noqa: BLE001 - the clock goes on whatever happens
            report(error, during="scheduler.tick")

    async def _loop(self, loop: Job) -> None:
        self.jobs.start_loop(loop)

    async def stop(self, *, drain_seconds: float) -> None:
        """No tick comes any more, and within `drain_seconds` no run is left.

        APScheduler itself would cancel what it runs. It runs nothing of ours: runs are drained by
        hand.
        """
        if self._clock is not None:
            self._clock.pause()
        await self.jobs.drain(drain_seconds)
        if self._clock is not None:
            self._clock.shutdown(wait=False)
            self._clock = None


def _count_missed(_event: object) -> None:
    MISSED_TICKS.inc()
