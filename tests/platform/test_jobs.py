"""Jobs: once per due time, whatever the number of replicas; resumed where a process died."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest

from consulta.kernel.errors import Conflict, Unavailable
from consulta.platform.db.work import Database
from consulta.platform.jobs import Job, Jobs, Outcome, Run, RunState, Skip, UnknownJob, job
from consulta.platform.request import current_request_id
from tests.conftest import TestDatabase
from tests.platform.replicas import doors, replica, rows, travel

__all__ = ["doors"]

MINUTE = timedelta(minutes=1)


def every(
    body: Callable[[Run], Awaitable[None]],
    *,
    interval: timedelta = MINUTE,
    limit: timedelta = MINUTE,
    loop: bool = False,
) -> Job:
    return job("things.tidy", every=interval, time_limit=limit, loop=loop)(body)


async def nothing(_run: Run) -> None:
    """A body that is content at once."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DUE = at("2026-11-20T12:15:00")


# --- When


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


# --- Once


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


# --- Killed, late, too long


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


# --- Items


async def test_one_broken_item_does_not_stop_the_rest(
    doors: Database, database: TestDatabase
) -> None:
    things = [uuid4() for _ in range(500)]

    async def body(run: Run) -> None:
        for thing in things:
            async with run.item(thing) as work:
                work.send("thing.tidied", {"thing_id": thing})
                if thing == things[250]:
                    raise RuntimeError
                if thing == things[100]:
                    raise Skip
                if thing == things[101]:
                    raise Conflict

    jobs = Jobs(doors, [every(body)])
    outcome = await jobs.run_due(jobs.all[0], DUE)

    assert (outcome.counts.done, outcome.counts.skipped, outcome.counts.failed) == (497, 2, 1)
    sent = await rows(database, "SELECT payload->>'thing_id' AS id FROM app.outbox")
    assert {UUID(one["id"]) for one in sent} == set(things) - set(things[100:102]) - {things[250]}
    run = await rows(database, "SELECT done_count, skipped_count, failed_count FROM app.job_runs")
    assert tuple(run[0]) == (497, 2, 1)


async def test_a_poison_item_rests_longer_and_longer(
    doors: Database, database: TestDatabase
) -> None:
    """It is tried eight times in two days instead of at every run, and then once a week."""
    poison, tried = uuid4(), 0

    async def body(run: Run) -> None:
        nonlocal tried
        if poison not in run.set_aside:
            async with run.item(poison):
                tried += 1
                raise RuntimeError

    jobs = Jobs(doors, [every(body)])
    due_at = DUE
    tries_by_hour = []
    for _ in range(12):
        await jobs.run_due(jobs.all[0], due_at)
        tries_by_hour.append(tried)
        due_at += timedelta(hours=1)
        await travel(database, timedelta(hours=1))

    assert tries_by_hour == [1, 2, 3, 4, 4, 5, 5, 5, 5, 5, 6, 6]
    by_hand = await jobs.run_now("things.tidy", triggered_by="admin")
    assert by_hand.counts.failed == 1
    assert by_hand.result is not None
    assert by_hand.result["failing"][str(poison)]["tries"] == 7


async def test_an_item_that_recovers_is_forgotten(doors: Database, database: TestDatabase) -> None:
    thing, is_broken = uuid4(), True

    async def body(run: Run) -> None:
        async with run.item(thing):
            if is_broken:
                raise RuntimeError

    jobs = Jobs(doors, [every(body)])
    first = await jobs.run_due(jobs.all[0], DUE)
    is_broken = False
    second = await jobs.run_due(jobs.all[0], DUE + MINUTE)
    assert first.result is not None
    assert second.result is None


async def test_a_full_batch_asks_for_another_pass(doors: Database) -> None:
    things = [uuid4() for _ in range(25)]

    async def body(run: Run) -> None:
        due = run.fresh(things)[:10]
        for thing in due:
            async with run.item(thing):
                pass
        if len(due) == 10:
            run.again()

    outcome = await Jobs(doors, [every(body)]).run_due(every(body), DUE)
    assert outcome.counts.done == 25


@pytest.mark.parametrize(
    ("counts", "expected"),
    [({"done": 1}, 50), ({}, 50), ({"failed": 1}, 1), ({"failed": 1, "skipped": 1}, 50)],
)
async def test_passes_are_bounded_and_end_where_all_fails(
    doors: Database, counts: dict[str, int], expected: int
) -> None:
    passes = 0

    async def insatiable(run: Run) -> None:
        nonlocal passes
        passes += 1
        run.count(**counts)
        run.again()

    await Jobs(doors, [every(insatiable)]).run_due(every(insatiable), DUE)
    assert passes == expected


async def test_the_audit_log_names_the_run_and_the_job(
    doors: Database, database: TestDatabase
) -> None:
    async def body(run: Run) -> None:
        run.tell(request_id=current_request_id())
        async with run.item(uuid4()) as work:
            work.audit("thing_tidied", subject_type="thing", subject_id=None)

    outcome = await Jobs(doors, [every(body)]).run_due(every(body), DUE)

    entry = (await rows(database, "SELECT actor, request_id FROM app.audit_logs"))[0]
    assert tuple(entry) == ("system:things.tidy", f"job-{outcome.run_id}")
    assert outcome.result == {"request_id": f"job-{outcome.run_id}"}
    assert current_request_id() is None


# --- Loops


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
