"""Execution: the body of a job at work under a lease that is renewed while it runs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import structlog

from consulta.kernel.actor import Actor
from consulta.kernel.errors import Unavailable
from consulta.platform import job_rows
from consulta.platform.db.work import Database
from consulta.platform.failures import code_of, report
from consulta.platform.job import Job
from consulta.platform.job_rows import Lease, Outcome, RunState
from consulta.platform.job_run import MOST_PASSES, LeaseLost, Run
from consulta.platform.metrics import JOB_RUNS
from consulta.platform.request import set_request_id

KEEPER = Actor.system("jobs")
"""Who writes the rows of runs."""

_RETRY_SECONDS = 15.0
_log = structlog.get_logger("consulta.jobs")


class TimeLimitPassed(Exception):
    """A run took longer than its job allows."""


class Interrupted(Exception):
    """The process stops, and the run wanted another pass."""


async def passes(job: Job, run: Run, *, is_stopping: Callable[[], bool]) -> None:
    """The body has been called until it was content, within the job's time limit.

    Raises `TimeLimitPassed`, `Interrupted`, and whatever the body raises.
    """
    try:
        async with asyncio.timeout(job.time_limit.total_seconds()) as limit:
            for _ in range(MOST_PASSES):
                run.wants_another_pass = False
                got_done, failed = run.counts.got_done, run.counts.failed
                await job.body(run)
                is_stuck = run.counts.got_done == got_done and run.counts.failed > failed
                if not run.wants_another_pass or is_stuck:
                    return
                if is_stopping():
                    raise Interrupted
    except TimeoutError as error:
        if limit.expired():
            raise TimeLimitPassed from error
        raise


class Execution:
    """One run of one job in this process. It wants a task of its own: it sets a request id."""

    def __init__(
        self,
        database: Database,
        job: Job,
        run: Run,
        lease: Lease,
        *,
        lease_seconds: float,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._database = database
        self._job = job
        self._run = run
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._is_stopping = is_stopping

    async def to_its_end(self) -> Outcome:
        """The run is settled, or released for others where the process stops or the cause passes.

        On cancellation the lease is released first.
        """
        set_request_id(f"job-{self._lease.run_id}")
        _log.info(
            "run begins",
            job=self._job.name,
            due_at=str(self._lease.due_at),
            attempts=self._lease.attempts,
        )
        try:
            await self._while_held(passes(self._job, self._run, is_stopping=self._is_stopping))
        except asyncio.CancelledError:
            with suppress(Exception):
                await asyncio.shield(self._release("STOPPED", seconds=0))
            raise
        except LeaseLost as error:
            return self._lost(error)
        except Interrupted as error:
            await self._release("STOPPED", seconds=0)
            return self._outcome(RunState.RUNNING, error)
        except Exception as error:  # noqa: BLE001 - the boundary of a run
            return await self._failed(error)
        return await self._finish(RunState.DONE, None)

    async def _while_held(self, body: Awaitable[None]) -> None:
        """The body has run to its end, and the lease was ours throughout. Raises `LeaseLost`."""
        working = asyncio.ensure_future(body)
        beating = asyncio.create_task(self._beat())
        try:
            await asyncio.wait({working, beating}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise LeaseLost
            await working
        finally:
            for task in (working, beating):
                task.cancel()
            await asyncio.gather(working, beating, return_exceptions=True)

    async def _beat(self) -> None:
        """Returns when the lease is lost, or could not be renewed until it lapsed."""
        renewed_at = time.monotonic()
        while time.monotonic() < renewed_at + self._lease_seconds:
            await asyncio.sleep(self._lease_seconds / 4)
            asked_at = time.monotonic()
            try:
                if not await self._renew():
                    return
                renewed_at = asked_at
            except Exception as error:  # noqa: BLE001 - the lease itself says how long we may go on
                report(error, during="jobs.renew", job=self._job.name)

    async def _renew(self) -> bool:
        async with self._database.work(KEEPER) as work:
            return await job_rows.renew(
                work,
                self._lease,
                counts=self._run.counts,
                lease_for=timedelta(seconds=self._lease_seconds),
            )

    async def _failed(self, error: Exception) -> Outcome:
        """What passes by itself is tried again by whoever is first; all else waits for the next
        due time.
        """
        attempts = self._lease.attempts
        report(error, during=self._job.name, run_id=self._lease.run_id, attempts=attempts)
        if isinstance(error, Unavailable) and attempts < job_rows.MOST_ATTEMPTS:
            await self._release(code_of(error), seconds=_RETRY_SECONDS * attempts)
            JOB_RUNS.labels(self._job.name, "retried").inc()
            return self._outcome(RunState.RUNNING, error)
        return await self._finish(RunState.FAILED, error)

    async def _finish(self, state: RunState, error: Exception | None) -> Outcome:
        run = self._run
        async with self._database.work(KEEPER) as work:
            written = await job_rows.finish(
                work,
                self._lease,
                state=state,
                counts=run.counts,
                result=run.result,
                last_error=code_of(error) if error else None,
            )
        if not written:
            return self._lost(LeaseLost())
        JOB_RUNS.labels(self._job.name, str(state)).inc()
        _log.info(
            "run ends",
            job=self._job.name,
            state=str(state),
            done=run.counts.done,
            skipped=run.counts.skipped,
            failed=run.counts.failed,
        )
        return self._outcome(state, error)

    async def _release(self, code: str, *, seconds: float) -> None:
        async with self._database.work(KEEPER) as work:
            await job_rows.release(
                work,
                self._lease,
                counts=self._run.counts,
                after=timedelta(seconds=seconds),
                error=code,
            )

    def _lost(self, error: LeaseLost) -> Outcome:
        JOB_RUNS.labels(self._job.name, "lost").inc()
        report(error, during=self._job.name, run_id=self._lease.run_id)
        return self._outcome(RunState.RUNNING, error)

    def _outcome(self, state: RunState, error: Exception | None) -> Outcome:
        return Outcome(
            job=self._job.name,
            state=state,
            due_at=self._lease.due_at,
            run_id=self._lease.run_id,
            counts=self._run.counts,
            result=self._run.result,
            last_error=code_of(error) if error else None,
        )
