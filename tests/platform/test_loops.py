"""Loops: no rows, no overlap, awake at a nudge."""

import asyncio
from datetime import timedelta

from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs, Outcome, Run, RunState
from tests.conftest import TestDatabase
from tests.platform.job_builders import every
from tests.platform.replicas import doors, rows

__all__ = ["doors"]


async def test_a_loop_writes_no_rows_and_never_overlaps(
    doors: Database, database: TestDatabase
) -> None:
    at_once = most = passes = 0

    async def body(run: Run) -> None:
        nonlocal at_once, most, passes
        at_once, passes = at_once + 1, passes + 1
        most = max(most, at_once)
        await asyncio.sleep(0.05)
        at_once -= 1
        assert run.actor.label == "system:things.tidy"

    jobs = Jobs(doors, [every(body, interval=timedelta(seconds=1), loop=True)])
    for _ in range(10):
        jobs.start_loop(jobs.all[0])
    asked = await jobs.run_now("things.tidy", triggered_by="cli")
    await jobs.idle()

    assert (most, passes, asked.is_running) == (1, 1, True)
    assert await rows(database, "SELECT FROM app.job_runs") == []


async def test_a_nudge_during_a_pass_brings_one_more(doors: Database) -> None:
    passes, going = 0, asyncio.Event()

    async def body(_run: Run) -> None:
        nonlocal passes
        passes += 1
        going.set()
        await asyncio.sleep(0.05)

    jobs = Jobs(doors, [every(body, interval=timedelta(seconds=1), loop=True)])
    jobs.nudge("things.tidy")
    await going.wait()
    for _ in range(5):
        jobs.nudge("things.tidy")
    await jobs.idle()
    assert passes == 2


async def test_a_loop_that_fails_rests_and_recovers(doors: Database) -> None:
    passes = 0

    async def body(_run: Run) -> None:
        nonlocal passes
        passes += 1
        raise RuntimeError

    jobs = Jobs(doors, [every(body, interval=timedelta(seconds=1), loop=True)])
    for _ in range(3):
        jobs.start_loop(jobs.all[0])
        await jobs.idle()
    assert passes == 1
    outcome: Outcome = await jobs.run_now("things.tidy", triggered_by="cli")
    assert (outcome.state, outcome.last_error, passes) == (RunState.FAILED, "RuntimeError", 2)
