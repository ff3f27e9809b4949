"""Items of a run: one broken row stops nothing, and is not tried for ever."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from consulta.kernel.errors import Conflict
from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs, Run, Skip
from consulta.platform.request import current_request_id
from tests.conftest import TestDatabase
from tests.platform.job_builders import DUE, MINUTE, every
from tests.platform.replicas import doors, rows, travel

__all__ = ["doors"]


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
