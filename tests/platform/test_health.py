"""Health: ready depends on the database, the schema, the clock and nobody else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database
from consulta.platform.health import Health
from consulta.platform.http import operation, problems
from consulta.platform.jobs import Jobs
from consulta.platform.lifecycle import Lifecycle
from consulta.settings import HttpSettings
from tests.conftest import TestDatabase
from tests.platform.replicas import replica
from tests.settings import settings_for

TOKEN = "metrics-token-of-the-tests-0123456789"


@dataclass
class Post:
    """A process that answers the operator's questions and no others."""

    app: FastAPI
    http: httpx.AsyncClient
    database: Database
    lifecycle: Lifecycle
    problems: list[str] = field(default_factory=list)

    async def ready(self) -> tuple[int, list[str]]:
        answer = await self.http.get("/readyz")
        return answer.status_code, answer.json().get("reasons", [])


@pytest.fixture
async def post(database: TestDatabase) -> AsyncIterator[Post]:
    async with replica(database, size=1) as pools:
        app = FastAPI()
        problems.install(app)
        app.include_router(operation.router)
        lifecycle = Lifecycle(pools, Jobs(pools, []), drain_seconds=1, tick_seconds=0.2)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            made = Post(app, http, pools, lifecycle)
            app.state.health = Health(pools, lifecycle, boot_problems=lambda: made.problems)
            app.state.settings = settings_for(database)
            yield made


async def test_a_replica_that_lacks_nothing_is_ready(post: Post) -> None:
    await post.lifecycle.start()
    assert await post.ready() == (200, [])
    await post.lifecycle.stop()


async def test_a_replica_without_a_scheduler_is_ready_too(post: Post) -> None:
    assert await post.ready() == (200, [])


async def test_what_was_found_wrong_at_the_start_is_told(post: Post) -> None:
    post.problems.append("the login consulta_api may bypass row-level security")
    assert await post.ready() == (503, post.problems)


async def test_a_replica_that_stops_is_not_ready_but_alive(post: Post) -> None:
    post.lifecycle.begin_draining()
    answer = await post.http.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "NOT_READY")
    assert answer.json()["reasons"] == ["stopping"]
    assert "retry-after" in answer.headers
    assert (await post.http.get("/livez")).json() == {"status": "alive"}


async def test_a_clock_that_stands_still_is_told(post: Post) -> None:
    await post.lifecycle.start()
    assert post.lifecycle.scheduler._clock is not None
    post.lifecycle.scheduler._clock.pause()
    await asyncio.sleep(0.3)
    assert post.lifecycle.scheduler._ticked_at is not None
    post.lifecycle.scheduler._ticked_at -= 61
    assert await post.ready() == (503, ["the scheduler has not ticked for a minute"])
    await post.lifecycle.scheduler.stop(drain_seconds=1)


async def test_a_database_without_a_free_connection_is_told_within_a_second(post: Post) -> None:
    begun = asyncio.get_running_loop().time()
    async with post.database.work(Actor.anonymous()):
        answers = await asyncio.gather(*(post.ready() for _ in range(5)))
        alive = await post.http.get("/livez")
    assert asyncio.get_running_loop().time() - begun < 2.5
    assert answers == [(503, ["the database does not answer"])] * 5
    assert alive.status_code == 200

    assert await post.ready() == (200, [])


async def test_a_database_that_lets_nobody_in_is_told_and_recovers(
    post: Post, database: TestDatabase
) -> None:
    await post.database.engines.dispose()
    async with database.connected() as superuser:
        await superuser.execute("ALTER ROLE consulta_api CONNECTION LIMIT 0")
        try:
            status, reasons = await post.ready()
        finally:
            await superuser.execute("ALTER ROLE consulta_api CONNECTION LIMIT -1")
    assert (status, reasons) == (503, ["the database does not answer"])
    assert await post.ready() == (200, [])


@pytest.mark.parametrize(("revision", "status"), [("0001_people", 503), ("9999_of_next_year", 200)])
async def test_behind_the_code_is_not_ready_and_ahead_of_it_is(
    post: Post, database: TestDatabase, revision: str, status: int
) -> None:
    async with database.connected() as superuser:
        await superuser.execute("UPDATE app.schema_state SET revision = $1", revision)
    assert (await post.ready())[0] == status


async def test_metrics_are_for_those_who_show_the_token(post: Post, database: TestDatabase) -> None:
    post.app.state.settings = settings_for(
        database, http=HttpSettings.model_validate({"METRICS_TOKEN": TOKEN})
    )
    right = await post.http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    wrong = [
        await post.http.get("/metrics", headers=headers)
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"})
    ]
    assert right.status_code == 200
    assert "consulta_scheduler_last_tick_seconds" in right.text
    assert [answer.status_code for answer in wrong] == [401, 401, 401]


async def test_metrics_without_a_token_exist_only_outside_production(
    post: Post, database: TestDatabase
) -> None:
    assert (await post.http.get("/metrics")).status_code == 200
    post.app.state.settings = settings_for(database, environment="production")
    assert (await post.http.get("/metrics")).status_code == 404
