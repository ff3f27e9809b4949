"""The rounds: floor and services turn by turn, so that a noisy minute meets all of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.floor import WARM_UP_SECONDS as FLOOR_WARM_UP_SECONDS
from tests.bench.floor import repeat_floor, run_floor
from tests.bench.ground import Ground
from tests.bench.measured import Cpu, Failed, Measured, milliseconds_each
from tests.bench.rows import answer_length, row_counts
from tests.bench.serving import Serving
from tests.bench.tasks import FLOOR_MOST, SAMPLES, SERVICE_MOST, WARM_UP_SECONDS, Task
from tests.bench.wrk import Load

FLOOR = "floor"
_QUIET_SECONDS = 2
_BOOKS_OF_THE_SANDBOX = "sandbox_charges"


@dataclass(frozen=True, slots=True)
class Contender:
    """A service that runs: its name, its process, and the load that it will bear."""

    name: str
    serving: Serving
    load: Load


@dataclass(slots=True)
class Rounds:
    """All rounds of one task."""

    ground: Ground
    postmaster: int | None
    contenders: Sequence[Contender]
    task: Task
    seconds: int
    results: dict[str, list[Measured]] = field(default_factory=dict)
    _answer_bytes: int = 0

    async def prepare(self) -> None:
        """Everybody is warm, and the floor is known to write what the service writes."""
        for contender in self.contenders:
            requests = await self.task.requests(SERVICE_MOST * WARM_UP_SECONDS)
            await contender.load.run(self.task.method, requests, seconds=WARM_UP_SECONDS)
        self._answer_bytes = await answer_length(self.ground)
        await self._compare_rows()

    async def play(self) -> None:
        """One round of everybody."""
        self._keep(FLOOR, await self._floor())
        for contender in self.contenders:
            self._keep(contender.name, await self._service(contender))

    async def _compare_rows(self) -> None:
        """Raises `Failed` where a request and a floor's transaction add different rows."""
        contender = self.contenders[0]
        requests = await self.task.requests(SAMPLES)
        variables = await self._variables(SAMPLES)
        # What the warming up left half done, the services still finish.
        await asyncio.sleep(_QUIET_SECONDS)
        before = await row_counts(self.ground)
        for request in requests:
            answer = await contender.load.send(self.task.method, request)
            if not answer.is_success:
                raise Failed(f"{request.path}: {answer.status_code} {answer.text[:500]}")
        between = await row_counts(self.ground)
        await repeat_floor(self.ground, self.task.name, variables=variables, times=SAMPLES)
        after = await row_counts(self.ground)
        by_service, by_floor = between - before, after - between
        del by_service[_BOOKS_OF_THE_SANDBOX]
        if by_service != by_floor:
            raise Failed(
                f"{SAMPLES} {self.task.name} by the service add {dict(by_service)}, by the floor"
                f" {dict(by_floor)}"
            )
        rows = ", ".join(f"{table} {count // SAMPLES}" for table, count in by_floor.items())
        print(f"{self.task.name}: service and floor add the same rows ({rows or 'none'})")

    async def _variables(self, count: int) -> dict[str, int]:
        return {**await self.task.variables(count), "answer_bytes": self._answer_bytes}

    async def _floor(self) -> Measured:
        run = await run_floor(
            self.ground,
            self.task.name,
            variables=await self._variables(FLOOR_MOST * (self.seconds + FLOOR_WARM_UP_SECONDS)),
            seconds=self.seconds,
            server=Cpu(self.postmaster),
        )
        return Measured(run.per_second, None, None, None, run.postgres_ms)

    async def _service(self, contender: Contender) -> Measured:
        requests = await self.task.requests(SERVICE_MOST * self.seconds)
        server, python = Cpu(self.postmaster), Cpu(contender.serving.process)
        before = server.seconds(), python.seconds()
        run = await contender.load.run(self.task.method, requests, seconds=self.seconds)
        return Measured(
            run.per_second,
            run.p50_ms,
            run.p99_ms,
            milliseconds_each(before[1], python.seconds(), run.requests),
            milliseconds_each(before[0], server.seconds(), run.requests),
        )

    def _keep(self, name: str, measured: Measured) -> None:
        self.results.setdefault(name, []).append(measured)
        print(f"{self.task.name:9} {name:10} {measured.per_second:8.0f}/s", flush=True)
