"""The clock: it pokes, it never runs anything twice, and stopping it loses nothing."""

import asyncio
import time
from datetime import timedelta

from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs, Run, job
from consulta.platform.metrics import LAST_TICK
from consulta.platform.scheduler import Scheduler
from tests.conftest import TestDatabase
from tests.platform.replicas import doors, replica, rows

__all__ = ["doors"]

SECOND = timedelta(seconds=1)


async def test_two_replicas_whose_clocks_tick_run_each_due_time_once(
    database: TestDatabase,
) -> None:
    seen: list[str] = []
    enough = asyncio.Event()

    @job("things.tidy", every=SECOND, time_limit=SECOND)
    async def tidy(run: Run) -> None:
        seen.append(str(run.due_at))
        if len(seen) == 4:
            enough.set()

    async with replica(database) as one, replica(database) as two:
        schedulers = [Scheduler(Jobs(pools, [tidy]), tick_seconds=0.2) for pools in (one, two)]
        for scheduler in schedulers:
            scheduler.start()
        await asyncio.wait_for(enough.wait(), 15)
        for scheduler in schedulers:
            await scheduler.stop(drain_seconds=5)

    assert len(seen) == len(set(seen))
    runs = await rows(database, "SELECT state, attempts, due_at FROM app.job_runs ORDER BY due_at")
    assert {(run["state"], run["attempts"]) for run in runs} == {("done", 1)}
    assert len(runs) == len(seen)


async def test_loops_run_at_their_own_pace(doors: Database) -> None:
    passes = 0
    enough = asyncio.Event()

    @job("things.sweep", every=SECOND, time_limit=SECOND, loop=True)
    async def sweep(_run: Run) -> None:
        nonlocal passes
        passes += 1
        if passes == 2:
            enough.set()

    scheduler = Scheduler(Jobs(doors, [sweep]))
    scheduler.start()
    await asyncio.wait_for(enough.wait(), 10)
    await scheduler.stop(drain_seconds=5)


async def test_the_age_of_the_last_tick_is_known(doors: Database) -> None:
    scheduler = Scheduler(Jobs(doors, []), tick_seconds=0.2)
    before = scheduler.age_seconds
    scheduler.start()
    scheduler.start()
    await asyncio.sleep(0.5)
    age = scheduler.age_seconds
    await scheduler.stop(drain_seconds=1)

    assert before is None
    assert age is not None
    assert age < 0.5
    assert abs(LAST_TICK._value.get() - time.time()) < 5
    assert scheduler.age_seconds is None


async def test_stopping_waits_for_what_runs(doors: Database, database: TestDatabase) -> None:
    begun = asyncio.Event()

    @job("things.tidy", every=timedelta(hours=1), time_limit=timedelta(minutes=1))
    async def tidy(run: Run) -> None:
        begun.set()
        await asyncio.sleep(0.5)
        run.count(done=1)

    scheduler = Scheduler(Jobs(doors, [tidy]))
    scheduler.start()
    await begun.wait()
    await scheduler.stop(drain_seconds=10)
    run = (await rows(database, "SELECT state, done_count FROM app.job_runs"))[0]
    assert tuple(run) == ("done", 1)


async def test_what_does_not_end_in_time_is_left_to_another_replica_at_once(
    database: TestDatabase,
) -> None:
    begun = asyncio.Event()
    finished: list[int] = []

    @job("things.tidy", every=timedelta(hours=1), time_limit=timedelta(minutes=10))
    async def endless(_run: Run) -> None:
        begun.set()
        await asyncio.sleep(600)

    @job("things.tidy", every=timedelta(hours=1), time_limit=timedelta(minutes=10))
    async def quick(run: Run) -> None:
        assert run.lease is not None
        finished.append(run.lease.attempts)

    async with replica(database) as one, replica(database) as two:
        scheduler = Scheduler(Jobs(one, [endless]))
        scheduler.start()
        await begun.wait()
        await scheduler.stop(drain_seconds=0.1)
        released = (await rows(database, "SELECT state, last_error FROM app.job_runs"))[0]
        successor = Jobs(two, [quick])
        await successor.start_due()
        await successor.idle()

    assert tuple(released) == ("running", "STOPPED")
    assert finished == [2]


async def test_a_database_that_is_away_does_not_stop_the_clock(database: TestDatabase) -> None:
    async with replica(database) as pools:
        scheduler = Scheduler(Jobs(pools, [job("a", every=SECOND, time_limit=SECOND)(_nothing)]))
        async with database.connected() as superuser:
            await superuser.execute("ALTER ROLE consulta_worker CONNECTION LIMIT 0")
            try:
                await scheduler.tick()
            finally:
                await superuser.execute("ALTER ROLE consulta_worker CONNECTION LIMIT -1")
        await scheduler.tick()
        await scheduler.jobs.idle()
    assert len(await rows(database, "SELECT FROM app.job_runs")) == 1


async def _nothing(_run: Run) -> None: ...
