"""Leases of runs: what a killed process left is resumed, and who comes late writes nothing."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

from consulta.kernel.errors import Unavailable
from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs, Run, RunState
from tests.conftest import TestDatabase
from tests.platform.job_builders import DUE, MINUTE, every, nothing
from tests.platform.replicas import doors, replica, rows, travel

__all__ = ["doors"]


async def killed(database: TestDatabase, *, due_at: datetime = DUE, attempts: int = 1) -> None:
    """A process began this run and died: a lease that nobody renews."""
    async with database.connected() as superuser:
        await superuser.execute(
            "INSERT INTO app.job_runs (job, due_at, lease_until, attempts)"
            " VALUES ('things.tidy', $1, app.now() - interval '1 s', $2)",
            due_at,
            attempts,
        )


async def test_a_killed_run_is_resumed_with_a_higher_fence(
    doors: Database, database: TestDatabase
) -> None:
    await killed(database)
    outcome = await Jobs(doors, [every(nothing)]).run_due(every(nothing), DUE)
    assert (outcome.state, outcome.is_ours) == (RunState.DONE, True)
    run = (await rows(database, "SELECT state, attempts, fence FROM app.job_runs"))[0]
    assert tuple(run) == ("done", 2, 2)


async def test_the_clock_itself_finds_what_a_killed_process_left(
    doors: Database, database: TestDatabase
) -> None:
    jobs = Jobs(doors, [every(nothing, interval=timedelta(days=365_00))])
    await jobs.start_due()
    await jobs.idle()
    async with database.connected() as superuser:
        await superuser.execute(
            "UPDATE app.job_runs SET state = 'running', lease_until = app.now() - interval '1 s',"
            " finished_at = NULL"
        )
    assert await jobs.start_due() == 1
    await jobs.idle()
    assert await jobs.start_due() == 0
    run = (await rows(database, "SELECT state, attempts FROM app.job_runs"))[0]
    assert tuple(run) == ("done", 2)


async def test_a_run_that_kills_every_process_is_given_up(
    doors: Database, database: TestDatabase
) -> None:
    await killed(database, attempts=5)
    outcome = await Jobs(doors, [every(nothing)]).run_due(every(nothing), DUE)
    assert (outcome.state, outcome.is_ours, outcome.last_error) == (
        RunState.FAILED,
        False,
        "LEASE_LAPSED",
    )


async def test_a_newer_due_time_closes_a_lapsed_run(
    doors: Database, database: TestDatabase
) -> None:
    await killed(database)
    await Jobs(doors, [every(nothing)]).run_due(every(nothing), DUE + MINUTE)
    found = await rows(database, "SELECT state FROM app.job_runs ORDER BY due_at")
    assert [run["state"] for run in found] == ["failed", "done"]


async def test_a_late_writer_writes_nothing(database: TestDatabase) -> None:
    """The first replica stalls until its lease lapses; what it then does leaves no trace."""
    stalled, may_go = asyncio.Event(), asyncio.Event()
    thing = uuid4()

    async def stalls(run: Run) -> None:
        stalled.set()
        await may_go.wait()
        async with run.item(thing) as work:
            work.send("thing.tidied", {"by": "late"})

    async def tidies(run: Run) -> None:
        async with run.item(thing) as work:
            work.send("thing.tidied", {"by": "successor"})

    async with replica(database) as one, replica(database) as two:
        late = asyncio.create_task(Jobs(one, [every(stalls)]).run_due(every(stalls), DUE))
        await stalled.wait()
        await travel(database, timedelta(minutes=2))
        taken = await Jobs(two, [every(tidies)]).run_due(every(tidies), DUE)
        may_go.set()
        lost = await late

    assert (taken.state, lost.state, lost.last_error) == (
        RunState.DONE,
        RunState.RUNNING,
        "LEASE_LOST",
    )
    sent = await rows(database, "SELECT payload->>'by' AS by FROM app.outbox")
    assert [message["by"] for message in sent] == ["successor"]
    run = (await rows(database, "SELECT state, fence, done_count FROM app.job_runs"))[0]
    assert tuple(run) == ("done", 2, 1)


async def test_a_stalled_run_is_stopped_when_its_lease_is_gone(database: TestDatabase) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def never_ends(_run: Run) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async with replica(database) as one:
        jobs = Jobs(one, [every(never_ends)], lease_seconds=0.4)
        running = asyncio.create_task(jobs.run_due(jobs.all[0], DUE))
        await begun.wait()
        async with database.connected() as superuser:
            await superuser.execute("UPDATE app.job_runs SET fence = fence + 1")
        outcome = await asyncio.wait_for(running, 5)

    assert stopped.is_set()
    assert outcome.last_error == "LEASE_LOST"


async def test_a_lease_is_renewed_while_the_run_goes_on(
    doors: Database, database: TestDatabase
) -> None:
    async def slow(run: Run) -> None:
        run.count(done=3)
        await asyncio.sleep(1.0)

    jobs = Jobs(doors, [every(slow)], lease_seconds=0.4)
    running = asyncio.create_task(jobs.run_due(jobs.all[0], DUE))
    await asyncio.sleep(0.7)
    other = await Jobs(doors, [every(nothing)]).run_due(every(nothing), DUE)
    progress = await rows(database, "SELECT done_count FROM app.job_runs")
    assert other.is_running
    assert progress[0]["done_count"] == 3
    assert (await running).state is RunState.DONE


async def test_a_run_that_takes_too_long_is_ended(doors: Database, database: TestDatabase) -> None:
    async def slow(_run: Run) -> None:
        await asyncio.sleep(30)

    jobs = Jobs(doors, [every(slow, limit=timedelta(milliseconds=50))])
    outcome = await jobs.run_due(jobs.all[0], DUE)
    assert (outcome.state, outcome.last_error) == (RunState.FAILED, "TimeLimitPassed")
    assert (await rows(database, "SELECT state FROM app.job_runs"))[0]["state"] == "failed"


async def test_what_passes_by_itself_is_tried_again_and_at_last_fails(
    doors: Database, database: TestDatabase
) -> None:
    async def unlucky(_run: Run) -> None:
        raise Unavailable

    jobs = Jobs(doors, [every(unlucky, interval=timedelta(days=365_00))])
    states = []
    for _ in range(6):
        await jobs.start_due()
        await jobs.idle()
        run = (await rows(database, "SELECT state, attempts, last_error FROM app.job_runs"))[0]
        states.append(tuple(run))
        await travel(database, timedelta(minutes=2))

    assert states[0] == ("running", 1, "UNAVAILABLE")
    assert states[4:] == [("failed", 5, "UNAVAILABLE")] * 2


async def test_a_bug_fails_the_run_at_once_and_the_next_due_time_tries_again(
    doors: Database, database: TestDatabase
) -> None:
    async def broken(_run: Run) -> None:
        raise ZeroDivisionError("with anna@example.com in it")

    jobs = Jobs(doors, [every(broken)])
    first = await jobs.run_due(jobs.all[0], DUE)
    second = await jobs.run_due(jobs.all[0], DUE + MINUTE)
    assert (first.state, first.last_error, second.is_ours) == (
        RunState.FAILED,
        "ZeroDivisionError",
        True,
    )
    kept = await rows(database, "SELECT last_error FROM app.job_runs")
    assert {run["last_error"] for run in kept} == {"ZeroDivisionError"}


async def test_a_late_ending_changes_nothing(database: TestDatabase) -> None:
    """The first replica comes back when another one has done the run, and only wants to end it."""
    stalled, may_go = asyncio.Event(), asyncio.Event()

    async def stalls(run: Run) -> None:
        stalled.set()
        await may_go.wait()
        run.count(done=7)
        run.tell(by="late")

    async with replica(database) as one, replica(database) as two:
        late = asyncio.create_task(Jobs(one, [every(stalls)]).run_due(every(stalls), DUE))
        await stalled.wait()
        await travel(database, timedelta(minutes=2))
        await Jobs(two, [every(nothing)]).run_due(every(nothing), DUE)
        before = await rows(database, "SELECT * FROM app.job_runs")
        may_go.set()
        lost = await late

    assert (lost.is_running, lost.last_error) == (True, "LEASE_LOST")
    assert await rows(database, "SELECT * FROM app.job_runs") == before
