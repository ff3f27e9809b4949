"""Stopping: not ready first, requests at hand answered, runs finished or handed on."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from consulta.platform.jobs import Jobs
from consulta.platform.lifecycle import Lifecycle
from tests.conftest import TestDatabase
from tests.platform.replicas import replica, rows

PROGRAM = Path(__file__).with_name("stopping_service.py")


@dataclass
class Process:
    """The service in a process of its own."""

    process: asyncio.subprocess.Process
    http: httpx.AsyncClient

    async def says(self, line: str) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while (said := await self.process.stdout.readline()).strip() != line.encode():
                assert said, "it ended before it said so"

    def is_told_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 30)


@asynccontextmanager
async def running(
    database: TestDatabase, *, drain_seconds: float = 20, job_seconds: float = 2
) -> AsyncIterator[Process]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    addresses = [
        database.dsn(login) for login in ("consulta_api", "consulta_admin", "consulta_worker")
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        PROGRAM,
        str(port),
        str(drain_seconds),
        str(job_seconds),
        *addresses,
        stdout=asyncio.subprocess.PIPE,
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        try:
            yield Process(process, http)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_sigterm_loses_neither_a_request_nor_a_run(database: TestDatabase) -> None:
    async with running(database) as service:
        await service.says("job begins")
        await _serving(service)
        slow = asyncio.create_task(service.http.get("/slow"))
        await asyncio.sleep(0.2)
        service.is_told_to_stop()
        await asyncio.sleep(0.3)
        ready = await service.http.get("/readyz")
        alive = await service.http.get("/livez")
        answer = await slow
        await service.says("stopped")
        await service.ended()

    assert (ready.status_code, ready.json()["reasons"]) == (503, ["stopping"])
    assert alive.status_code == 200
    assert (answer.status_code, answer.json()) == (200, "done")
    run = (await rows(database, "SELECT state, done_count FROM app.job_runs"))[0]
    assert tuple(run) == ("done", 1)
    assert await _connections(database) == 0


async def test_a_run_that_outlasts_the_drain_is_handed_on(database: TestDatabase) -> None:
    async with running(database, drain_seconds=0.5, job_seconds=300) as service:
        await service.says("job begins")
        await _serving(service)
        service.is_told_to_stop()
        await service.says("stopped")
        await service.ended()
    run = (
        await rows(
            database,
            "SELECT state, last_error, lease_until <= app.now() AS is_free FROM app.job_runs",
        )
    )[0]
    assert tuple(run) == ("running", "STOPPED", True)


async def test_a_second_signal_does_not_wait(database: TestDatabase) -> None:
    async with running(database, drain_seconds=0.5, job_seconds=300) as service:
        await service.says("job begins")
        await _serving(service)
        service.is_told_to_stop()
        await asyncio.sleep(0.2)
        begun = asyncio.get_running_loop().time()
        service.is_told_to_stop()
        await service.ended()
        assert asyncio.get_running_loop().time() - begun < 5


async def test_the_handlers_of_signals_are_put_back(database: TestDatabase) -> None:
    def previous(_number: int, _frame: object) -> None: ...

    before = signal.signal(signal.SIGTERM, previous)
    try:
        async with replica(database) as pools:
            lifecycle = Lifecycle(pools, Jobs(pools, []), drain_seconds=1, is_scheduling=False)
            await lifecycle.start()
            assert signal.getsignal(signal.SIGTERM) is not previous
            await lifecycle.stop()
        assert signal.getsignal(signal.SIGTERM) is previous
        assert lifecycle.is_draining
        assert lifecycle.scheduler.age_seconds is None
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("times", [1, 2])
async def test_stopping_twice_is_stopping_once(database: TestDatabase, times: int) -> None:
    async with replica(database) as pools:
        lifecycle = Lifecycle(pools, Jobs(pools, []), drain_seconds=1)
        await lifecycle.start()
        for _ in range(times):
            await lifecycle.stop()
    assert lifecycle.is_draining


async def _serving(service: Process) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await service.http.get("/livez")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return


async def _connections(database: TestDatabase) -> int:
    found = await rows(
        database, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'stopping'"
    )
    return int(found[0][0])
