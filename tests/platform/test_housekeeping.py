"""Housekeeping: what has served is purged, what waits is counted, and a commit wakes the outbox."""

import asyncio
from datetime import timedelta

import pytest

from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database
from consulta.platform.housekeeping import OUTBOX_LOOP, PLATFORM_JOBS, outbox_jobs
from consulta.platform.jobs import Jobs, RunState
from consulta.platform.metrics import BACKLOG, OLDEST
from consulta.platform.outbox import Message, Outbox
from tests.conftest import TestDatabase
from tests.platform.replicas import doors, rows, travel

__all__ = ["doors"]

WORKER = Actor.system("test")


@pytest.fixture
async def jobs(doors: Database, database: TestDatabase) -> Jobs:
    """All of the machinery's jobs, over tables with something old and something new."""
    async with database.connected() as superuser:
        await superuser.execute(
            """
            INSERT INTO app.job_runs (job, due_at, state, lease_until, started_at)
            SELECT 'things.tidy', at, 'done', at, at
            FROM unnest(ARRAY[app.now() - interval '40 days', app.now() - interval '35 days',
                              app.now()]) AS at;
            INSERT INTO app.job_runs (job, due_at, state, lease_until, started_at)
            SELECT 'things.yearly', at, 'done', at, at
            FROM unnest(ARRAY[app.now() - interval '300 days']) AS at;
            INSERT INTO app.rate_limits (key, arrives_at)
            VALUES ('old', app.now() - interval '1 s'), ('new', app.now() + interval '1 h');
            INSERT INTO app.idempotency_keys
                (caller, route, key, fingerprint, lease_until, expires_at)
            SELECT 'anna', 'POST /x', key, decode(repeat('00', 32), 'hex'), app.now(),
                   app.now() + ahead
            FROM (VALUES ('old', interval '-1 s'), ('new', interval '1 h')) AS k (key, ahead);
            INSERT INTO app.outbox (topic, payload, created_at)
            VALUES ('thing.made', '{}', app.now() - interval '90 s'),
                   ('thing.made', '{}', app.now());
            """
        )
    return Jobs(doors, [*PLATFORM_JOBS, *outbox_jobs(Outbox(doors, {}))])


async def test_every_job_of_the_machinery_runs_as_the_worker(jobs: Jobs) -> None:
    for one in jobs.all:
        outcome = await jobs.run_now(one.name, triggered_by="cli")
        assert (one.name, outcome.state, outcome.last_error) == (one.name, RunState.DONE, None)


async def test_what_is_old_goes_and_the_rest_stays(jobs: Jobs, database: TestDatabase) -> None:
    gone = {}
    for name in ("job_runs.purge", "idempotency_keys.purge", "rate_limits.purge"):
        gone[name] = (await jobs.run_now(name, triggered_by="cli")).counts.done
    assert gone == {"job_runs.purge": 2, "idempotency_keys.purge": 1, "rate_limits.purge": 1}
    assert [row["key"] for row in await rows(database, "SELECT key FROM app.rate_limits")] == [
        "new"
    ]
    kept = await rows(database, "SELECT key FROM app.idempotency_keys")
    assert [row["key"] for row in kept] == ["new"]
    runs = await rows(database, "SELECT job FROM app.job_runs WHERE job LIKE 'things.%'")
    assert sorted(row["job"] for row in runs) == ["things.tidy", "things.yearly"]


async def test_what_waits_is_counted(jobs: Jobs) -> None:
    await jobs.run_now("backlog.measure", triggered_by="cli")
    assert BACKLOG.labels("outbox")._value.get() == 2
    assert BACKLOG.labels("inbox")._value.get() == 0
    assert 90 <= OLDEST.labels("outbox")._value.get() < 120


async def test_a_commit_wakes_the_outbox(doors: Database) -> None:
    heard: list[Message] = []
    arrived = asyncio.Event()

    async def hear(message: Message) -> None:
        heard.append(message)
        arrived.set()

    outbox = Outbox(doors, {"thing.made": hear})
    jobs = Jobs(doors, outbox_jobs(outbox))
    outbox.wakes(lambda: jobs.nudge(OUTBOX_LOOP))
    doors.on_messages = outbox.nudge

    async with doors.read(WORKER):
        pass
    assert jobs._loops.may_begin(jobs.named(OUTBOX_LOOP))
    async with doors.work(WORKER) as work:
        work.send("thing.made", {"n": 1})
    # Another transaction of this server may hold back the row for a moment; the clock would knock.
    async with asyncio.timeout(10):
        while not arrived.is_set():
            await jobs.idle()
            if not heard:
                jobs.nudge(OUTBOX_LOOP)
    assert [message.payload for message in heard] == [{"n": 1}]
    await jobs.idle()


async def test_settled_messages_leave_nightly(jobs: Jobs, database: TestDatabase) -> None:
    await travel(database, timedelta(minutes=10))
    await jobs.run_now(OUTBOX_LOOP, triggered_by="cli")
    await travel(database, timedelta(days=8))
    outcome = await jobs.run_now("outbox.purge", triggered_by="cli")
    assert outcome.counts.done == 2
