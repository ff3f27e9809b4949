"""The admin's view of scheduled work."""

from datetime import timedelta
from uuid import uuid4

import pytest

from consulta.platform.jobs import Jobs, Run, job
from tests.world import World


@pytest.fixture
def jobs(world: World) -> Jobs:
    """One job that does something, and one that breaks."""

    async def tidy(run: Run) -> None:
        run.count(done=1)

    async def break_down(run: Run) -> None:
        async with run.item(uuid4()):
            raise RuntimeError("with words that nobody should read")

    made = Jobs(
        world.app.state.database,
        [
            job("things.tidy", every=timedelta(hours=1), time_limit=timedelta(minutes=1))(tidy),
            job("things.break", every=timedelta(days=1), time_limit=timedelta(minutes=1))(
                break_down
            ),
        ],
    )
    world.app.state.jobs = made
    return made


async def test_an_admin_sees_what_there_is(world: World, jobs: Jobs) -> None:
    admin = await world.admin()
    items = await admin.sees("/admin/jobs")
    assert [(one["name"], one["schedule"]) for one in items] == [
        ("things.tidy", "every 1:00:00"),
        ("things.break", "every 1 day, 0:00:00"),
    ]


async def test_an_admin_runs_a_job_and_is_on_the_record(world: World, jobs: Jobs) -> None:
    admin = await world.admin()
    reply = await admin.post("/admin/jobs/things.tidy/run")
    assert (reply.status, reply.json["state"], reply.json["done_count"]) == (200, "done", 1)
    entry = (
        await world.rows(
            "SELECT actor_id, new_values FROM app.audit_logs WHERE action = 'job_triggered'"
        )
    )[0]
    assert (entry["actor_id"], "things.tidy" in str(entry["new_values"])) == (admin.id, True)


async def test_runs_are_listed_newest_first_page_by_page(world: World, jobs: Jobs) -> None:
    admin = await world.admin()
    for _ in range(3):
        await admin.post("/admin/jobs/things.tidy/run")
    await admin.post("/admin/jobs/things.break/run")

    first = await admin.get("/admin/job-runs?limit=3")
    second = await admin.get(f"/admin/job-runs?limit=3&cursor={first.json['next_cursor']}")
    found = [*first.json["items"], *second.json["items"]]
    assert [run["job"] for run in found] == ["things.break", *["things.tidy"] * 3]
    assert second.json["next_cursor"] is None
    assert found == sorted(found, key=lambda run: run["started_at"], reverse=True)
    assert {run["triggered_by"] for run in found} == {"admin"}

    tidied = await admin.sees("/admin/job-runs?job=things.tidy&state=done")
    assert len(tidied) == 3
    assert await admin.sees("/admin/job-runs?state=failed") == []


async def test_a_broken_item_shows_as_a_code_and_not_in_words(world: World, jobs: Jobs) -> None:
    admin = await world.admin()
    reply = await admin.post("/admin/jobs/things.break/run")
    assert (reply.status, reply.json["failed_count"]) == (200, 1)
    assert b"RuntimeError" in reply.content
    assert b"words" not in reply.content


async def test_nobody_else_may_look_or_ring(world: World, jobs: Jobs) -> None:
    anna, sarah = await world.client("Anna"), await world.specialist()
    for path in ("/admin/jobs", "/admin/job-runs"):
        assert (await world.anonymous.get(path)).status == 401
        assert (await anna.get(path)).status == 403
        assert (await sarah.get(path)).status == 403
    assert (await world.anonymous.post("/admin/jobs/things.tidy/run")).status == 401
    assert (await anna.post("/admin/jobs/things.tidy/run")).status == 403
    assert await world.rows("SELECT FROM app.job_runs") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("limit=1000000000", 422), ("cursor=abc", 400), ("state=lost", 422), ("job=%27%3B", 422)],
)
async def test_odd_questions_are_refused(world: World, jobs: Jobs, query: str, status: int) -> None:
    admin = await world.admin()
    assert (await admin.get(f"/admin/job-runs?{query}")).status == status


async def test_an_unknown_job_is_not_found_and_leaves_no_record(world: World, jobs: Jobs) -> None:
    admin = await world.admin()
    reply = await admin.post("/admin/jobs/no.such.job/run")
    assert (reply.status, reply.code) == (404, "UNKNOWN_JOB")
    assert await world.rows("SELECT FROM app.audit_logs WHERE action = 'job_triggered'") == []
