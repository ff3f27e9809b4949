"""Jobs: once per due time, whatever the number of replicas, and never two at once."""

import asyncio
from datetime import datetime, time, timedelta

import pytest

from consulta.kernel.errors import Unavailable
from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs, Run, RunState, UnknownJob, job
from consulta.platform.lifecycle import Lifecycle
from tests.conftest import TestDatabase
from tests.platform.job_builders import DUE, MINUTE, at, every, nothing
from tests.platform.replicas import doors, replica, rows, travel

__all__ = ["doors"]


@pytest.mark.parametrize(
    ("schedule", "now", "due"),
    [
        ({"every": timedelta(minutes=15)}, "2026-11-20T12:14:59.999", "2026-11-20T12:00:00"),
        ({"every": timedelta(minutes=15)}, "2026-11-20T12:15:00", "2026-11-20T12:15:00"),
        ({"every": timedelta(days=7)}, "2026-11-22T23:00:00", "2026-11-16T00:00:00"),
        ({"at": time(2, 0)}, "2026-11-20T01:59:59", "2026-11-19T02:00:00"),
        ({"at": time(2, 0)}, "2026-11-20T02:00:00", "2026-11-20T02:00:00"),
        ({"at": time(2, 30)}, "2026-11-20T23:00:00", "2026-11-20T02:30:00"),
    ],
)
def test_replicas_agree_on_the_due_time(schedule: dict[str, object], now: str, due: str) -> None:
    one = job("things.tidy", time_limit=MINUTE, **schedule)(nothing)  # type: ignore[arg-type]
    assert one.due_before(at(now)) == at(due)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"every": MINUTE, "at": time(2, 0)},
        {"at": time(2, 0), "loop": True},
        {"every": timedelta(milliseconds=10)},
        {"every": MINUTE, "time_limit": timedelta(0)},
    ],
)
def test_a_job_without_a_sensible_schedule_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"things\.tidy"):
        job("things.tidy", **{"time_limit": MINUTE, **wrong})(nothing)  # type: ignore[arg-type]


def test_two_jobs_cannot_have_one_name(doors: Database) -> None:
    with pytest.raises(ValueError, match="one name"):
        Jobs(doors, [every(nothing), every(nothing)])


async def test_five_due_times_on_two_replicas_are_five_runs(database: TestDatabase) -> None:
    seen: list[datetime] = []

    async def body(run: Run) -> None:
        seen.append(run.due_at)

    async with replica(database) as one, replica(database) as two:
        replicas = [Jobs(one, [every(body)]), Jobs(two, [every(body)])]
        for _ in range(5):
            await asyncio.gather(*(jobs.start_due() for jobs in replicas))
            for jobs in replicas:
                await jobs.idle()
                await jobs.start_due()
                await jobs.idle()
            await travel(database, MINUTE)

    assert len(seen) == 5
    assert len(set(seen)) == 5
    runs = await rows(database, "SELECT state, triggered_by FROM app.job_runs")
    assert [tuple(run) for run in runs] == [("done", "clock")] * 5


async def test_many_at_the_same_instant_make_one_run(database: TestDatabase) -> None:
    ran = 0

    async def body(_run: Run) -> None:
        nonlocal ran
        ran += 1

    async with replica(database, size=8) as one, replica(database, size=8) as two:
        replicas = [Jobs(one, [every(body)]), Jobs(two, [every(body)])]
        outcomes = await asyncio.gather(
            *(jobs.run_due(jobs.all[0], DUE) for jobs in replicas for _ in range(8))
        )

    assert ran == 1
    assert sum(outcome.is_ours for outcome in outcomes) == 1


async def test_due_times_missed_during_downtime_melt_into_one_run(
    doors: Database, database: TestDatabase
) -> None:
    jobs = Jobs(doors, [every(nothing)])
    await jobs.start_due()
    await jobs.idle()
    await travel(database, timedelta(days=3))
    for _ in range(3):
        await jobs.start_due()
        await jobs.idle()
    assert len(await rows(database, "SELECT FROM app.job_runs")) == 2


async def test_a_run_never_overlaps_another_of_its_job(
    doors: Database, database: TestDatabase
) -> None:
    going, may_go = asyncio.Event(), asyncio.Event()

    async def body(_run: Run) -> None:
        going.set()
        await may_go.wait()

    jobs = Jobs(doors, [every(body)])
    first = asyncio.create_task(jobs.run_now("things.tidy", triggered_by="cli"))
    await going.wait()
    by_hand = await jobs.run_now("things.tidy", triggered_by="admin")
    by_clock = await jobs.run_due(jobs.all[0], DUE)
    ticked = await jobs.start_due()
    may_go.set()
    done = await first

    assert (by_hand.is_running, by_clock.is_running, ticked) == (True, True, 0)
    assert by_hand.run_id == by_clock.run_id == done.run_id
    assert done.state is RunState.DONE
    assert len(await rows(database, "SELECT FROM app.job_runs")) == 1


async def test_a_caller_who_stops_waiting_does_not_stop_the_run(doors: Database) -> None:
    may_go = asyncio.Event()

    async def body(_run: Run) -> None:
        await may_go.wait()

    jobs = Jobs(doors, [every(body)])
    outcome = await jobs.run_now("things.tidy", triggered_by="cron", wait_seconds=0.2)
    assert outcome.is_running
    may_go.set()
    await jobs.idle()
    async with doors.read(Run(database=doors, name="x", now=DUE, lease=None).actor) as work:
        assert await work.fetchval("SELECT state FROM app.job_runs") == "done"


async def test_asking_twice_in_one_second_runs_twice(doors: Database) -> None:
    jobs = Jobs(doors, [every(nothing)])
    outcomes = [await jobs.run_now("things.tidy", triggered_by="cli") for _ in range(3)]
    assert all(outcome.is_ours for outcome in outcomes)
    assert len({outcome.run_id for outcome in outcomes}) == 3


async def test_an_unknown_job_is_not_found(doors: Database) -> None:
    jobs = Jobs(doors, [])
    with pytest.raises(UnknownJob):
        await jobs.run_now("things.tidy", triggered_by="cli")
    with pytest.raises(UnknownJob):
        jobs.behind_cron("tidy-things")


async def test_a_process_that_stops_begins_nothing(doors: Database, database: TestDatabase) -> None:
    jobs = Jobs(doors, [every(nothing)])
    Lifecycle(doors, jobs, drain_seconds=1).begin_draining()
    assert await jobs.start_due() == 0
    with pytest.raises(Unavailable):
        await jobs.run_now("things.tidy", triggered_by="cli")
    with pytest.raises(Unavailable):
        await jobs.run_due(jobs.all[0], DUE)
    assert await rows(database, "SELECT FROM app.job_runs") == []
