"""Loops: jobs of a second or ten. They write no rows, since what they work on is claimed row by
row; in one process a loop never overlaps itself, and a nudge makes it run at once.
"""

import time
from collections.abc import Callable
from datetime import datetime

from consulta.kernel.ids import new_request_id
from consulta.platform.db.work import Database
from consulta.platform.failures import code_of, report
from consulta.platform.job import Job
from consulta.platform.job_execution import KEEPER, Interrupted, passes
from consulta.platform.job_rows import Outcome, RunState
from consulta.platform.job_run import Run
from consulta.platform.request import set_request_id

_LONGEST_REST_SECONDS = 60.0


class Loops:
    """Which loops run at this moment, which are wanted once more, and which rest."""

    def __init__(self, database: Database, *, is_stopping: Callable[[], bool]) -> None:
        self._database = database
        self._is_stopping = is_stopping
        self._running: set[str] = set()
        self._nudged: set[str] = set()
        self._failures: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}

    def is_running(self, loop: Job) -> bool:
        return loop.name in self._running

    def may_begin(self, loop: Job) -> bool:
        """Neither running nor resting after failures."""
        rests_until = self._rests_until.get(loop.name, 0.0)
        return loop.name not in self._running and time.monotonic() >= rests_until

    def nudge(self, loop: Job) -> None:
        """If it is running, it will run once more."""
        if loop.name in self._running:
            self._nudged.add(loop.name)

    def begin(self, loop: Job) -> None:
        """The place is taken; `run` gives it back."""
        self._running.add(loop.name)

    async def run(self, loop: Job) -> Outcome:
        """One pass, and another one for as long as it is nudged meanwhile. Never raises."""
        try:
            while True:
                self._nudged.discard(loop.name)
                outcome = await self._once(loop)
                if loop.name not in self._nudged or outcome.last_error or self._is_stopping():
                    return outcome
        finally:
            self._running.discard(loop.name)
            self._nudged.discard(loop.name)

    async def _once(self, loop: Job) -> Outcome:
        set_request_id(f"loop-{new_request_id()}")
        run: Run | None = None
        code: str | None = None
        try:
            run = Run(database=self._database, name=loop.name, now=await self._now(), lease=None)
            await passes(loop, run, is_stopping=self._is_stopping)
            self._failures.pop(loop.name, None)
        except Interrupted:
            pass
        except Exception as error:  # noqa: BLE001 - the boundary of a loop
            report(error, during=loop.name)
            code = code_of(error)
            self._rest(loop)
        state = RunState.FAILED if code else RunState.DONE
        if run is None:
            return Outcome(loop.name, state, last_error=code)
        return Outcome(
            loop.name, state, run.now, counts=run.counts, result=run.result, last_error=code
        )

    async def _now(self) -> datetime:
        async with self._database.read(KEEPER) as work:
            return await work.now()

    def _rest(self, loop: Job) -> None:
        """What fails again and again is tried less often: after 1 s, 2 s, 4 s …, a minute."""
        failures = self._failures.get(loop.name, 0) + 1
        self._failures[loop.name] = failures
        seconds = min(2.0 ** min(failures - 1, 10), _LONGEST_REST_SECONDS)
        self._rests_until[loop.name] = time.monotonic() + seconds
