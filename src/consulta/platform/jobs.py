"""Jobs: scheduled work, run once per due time by whichever replica is first, and resumed by
another one where that was killed. The clock, a cron daemon, an admin and the command line use this
entrance.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any

from consulta.kernel.errors import NotFound, Unavailable
from consulta.platform import job_rows
from consulta.platform.db.work import Database
from consulta.platform.failures import code_of, report
from consulta.platform.job import Job, job
from consulta.platform.job_execution import KEEPER, Execution
from consulta.platform.job_rows import Outcome, RunState
from consulta.platform.job_run import LeaseLost, Run, Skip
from consulta.platform.loops import Loops

__all__ = ["Job", "Jobs", "LeaseLost", "Outcome", "Run", "RunState", "Skip", "UnknownJob", "job"]

LEASE_SECONDS = 60.0
MOST_AT_ONCE = 3
_HEEDLESS = frozenset({"admin", "cli"})
"""Whoever asks by hand wants every item tried, those that rest included."""


class UnknownJob(NotFound):
    """There is no job of this name."""

    code = "UNKNOWN_JOB"


class Stopping(Unavailable):
    """This process is stopping: ask again, another one will answer."""

    code = "STOPPING"


class Jobs:
    """All jobs of the service, and their runs in this process."""

    def __init__(
        self,
        database: Database,
        jobs: Iterable[Job],
        *,
        lease_seconds: float = LEASE_SECONDS,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:
        self.database = database
        self.all = tuple(jobs)
        self._by_name = {one.name: one for one in self.all}
        self._by_cron_name = {one.cron_name: one for one in self.all if one.cron_name}
        crons = sum(one.cron_name is not None for one in self.all)
        if len(self._by_name) < len(self.all) or len(self._by_cron_name) < crons:
            raise ValueError("two jobs have one name")
        self._lease_seconds = lease_seconds
        self._most_at_once = most_at_once
        self._inflight: set[asyncio.Task[Outcome]] = set()
        self._scheduled: set[str] = set()
        self._stopping = False
        self._loops = Loops(database, is_stopping=self._is_stopping)

    @property
    def loops(self) -> tuple[Job, ...]:
        return tuple(one for one in self.all if one.loop)

    def named(self, name: str) -> Job:
        """Raises `UnknownJob`."""
        found = self._by_name.get(name)
        if found is None:
            raise UnknownJob
        return found

    def behind_cron(self, cron_name: str) -> Job:
        """Raises `UnknownJob`."""
        found = self._by_cron_name.get(cron_name)
        if found is None:
            raise UnknownJob
        return found

    async def run_due(self, one: Job, due_at: datetime, triggered_by: str = "clock") -> Outcome:
        """The job has been run for that due time: by us, or it is said how that run stands.

        Two runs of one job never overlap. Raises `Stopping`.
        """
        if self._stopping:
            raise Stopping
        async with self.database.work(KEEPER) as work:
            lease = await job_rows.claim(
                work,
                job=one.name,
                due_at=due_at,
                triggered_by=triggered_by,
                lease_for=timedelta(seconds=self._lease_seconds),
            )
        if isinstance(lease, Outcome):
            return lease
        run = Run(
            database=self.database,
            name=one.name,
            now=lease.now,
            lease=lease,
            heeds_failures=triggered_by not in _HEEDLESS,
        )
        execution = Execution(
            self.database,
            one,
            run,
            lease,
            lease_seconds=self._lease_seconds,
            is_stopping=self._is_stopping,
        )
        return await asyncio.shield(self._spawn(execution.to_its_end()))

    async def run_now(
        self, name: str, *, triggered_by: str, wait_seconds: float | None = None
    ) -> Outcome:
        """The job has been run, or, if a run is under way, that is said (`is_running`).

        After `wait_seconds` the run goes on by itself and counts as under way. Raises `UnknownJob`,
        `Stopping`.
        """
        one = self.named(name)
        if self._stopping:
            raise Stopping
        if one.loop and self._loops.is_running(one):
            return Outcome(one.name, RunState.RUNNING, is_ours=False)
        doing = self._begin_loop(one) if one.loop else self._spawn(self._run_now(one, triggered_by))
        done, _ = await asyncio.wait({doing}, timeout=wait_seconds)
        return doing.result() if done else Outcome(one.name, RunState.RUNNING)

    async def start_due(self) -> int:
        """Whatever is due, or was left by a killed process, is under way; how many were begun.

        At most `most_at_once` run side by side: what finds no place is still due at the next tick.
        """
        scheduled = [one for one in self.all if not one.loop and one.name not in self._scheduled]
        if self._stopping or not scheduled:
            return 0
        async with self.database.read(KEEPER) as work:
            now = await work.now()
            due = {one.name: one.due_before(now) for one in scheduled}
            standings = await job_rows.standings(work, list(due.items()))
        begun = 0
        for one in scheduled:
            standing = standings[one.name]
            due_at = standing.lapsed_due_at if standing.is_known else due[one.name]
            if due_at is None or standing.is_live or len(self._scheduled) >= self._most_at_once:
                continue
            self._scheduled.add(one.name)
            self._spawn(self._run_scheduled(one, due_at))
            begun += 1
        return begun

    def start_loop(self, one: Job) -> None:
        """The loop is under way: once in this process, and not while it rests after failures."""
        if not self._stopping and self._loops.may_begin(one):
            self._begin_loop(one)

    def nudge(self, name: str) -> None:
        """There is work for that loop: it runs at once, or once more where it is running."""
        one = self.named(name)
        self._loops.nudge(one)
        self.start_loop(one)

    def stop_leasing(self) -> None:
        """From now on nothing is begun; what runs goes on."""
        self._stopping = True

    async def idle(self) -> None:
        """Whatever had begun by now, loops included, has come to its end."""
        while self._inflight:
            await asyncio.wait(list(self._inflight))

    async def drain(self, seconds: float) -> None:
        """Nothing runs any more. What is not done by then is cancelled, and its lease released so
        that another replica resumes it at once.
        """
        self.stop_leasing()
        if self._inflight:
            await asyncio.wait(list(self._inflight), timeout=seconds)
        for task in list(self._inflight):
            task.cancel()
        if self._inflight:
            await asyncio.wait(list(self._inflight), timeout=5)

    def _is_stopping(self) -> bool:
        return self._stopping

    def _begin_loop(self, one: Job) -> asyncio.Task[Outcome]:
        self._loops.begin(one)
        return self._spawn(self._loops.run(one))

    def _spawn(self, coroutine: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        """In a task of its own, a caller who goes away takes nothing with him."""
        task = asyncio.create_task(coroutine)
        self._inflight.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Outcome]) -> None:
        self._inflight.discard(task)
        if not task.cancelled():
            task.exception()  # Whoever waits sees it, too; nobody need wait.

    async def _run_scheduled(self, one: Job, due_at: datetime) -> Outcome:
        try:
            return await self.run_due(one, due_at)
        except Exception as error:  # noqa: BLE001 - nobody waits for this task
            report(error, during=one.name)
            return Outcome(one.name, RunState.RUNNING, due_at, last_error=code_of(error))
        finally:
            self._scheduled.discard(one.name)

    async def _run_now(self, one: Job, triggered_by: str) -> Outcome:
        async with self.database.read(KEEPER) as work:
            now = await work.now()
        outcome = await self.run_due(one, now.replace(microsecond=0), triggered_by)
        if outcome.is_ours or outcome.is_running:
            return outcome
        # This second has had its run, which may have begun before what the caller wants done.
        return await self.run_due(one, now, triggered_by)
