"""The bell for cron daemons: the secret, both methods, and what is said."""

import asyncio
from datetime import timedelta

import pytest

from consulta.platform.jobs import Jobs, Run, job
from tests.settings import CRON_SECRET
from tests.world import World

PATH = "/api/cron/tidy-things"


class Bell:
    """A world whose only job tidies; `runs` counts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.runs = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        tidy = job(
            "things.tidy",
            every=timedelta(hours=1),
            time_limit=timedelta(minutes=1),
            cron_name="tidy-things",
        )(self._tidy)
        self.jobs = Jobs(world.app.state.database, [tidy])
        world.app.state.jobs = self.jobs

    async def _tidy(self, run: Run) -> None:
        self.runs += 1
        self.begun.set()
        await self.may_end.wait()
        run.count(done=2, skipped=1)
        run.tell(tidied=2)

    async def ring(self, authorization: str | bytes | None, method: str = "POST") -> int:
        headers = [] if authorization is None else [(b"authorization", _raw(authorization))]
        answer = await self.world.http.request(method, PATH, headers=headers)
        return answer.status_code


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


@pytest.fixture
def bell(world: World) -> Bell:
    return Bell(world)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_cron_daemon_runs_a_job(bell: Bell, method: str) -> None:
    reply = await bell.world.cron("tidy-things", method=method)
    assert reply.status == 200
    assert reply.json["success"] is True
    assert (reply.json["state"], reply.json["done_count"], reply.json["skipped_count"]) == (
        "done",
        2,
        1,
    )
    assert reply.json["result"] == {"tidied": 2}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"Bearer {CRON_SECRET[:-1]}",
        f"Bearer {CRON_SECRET}x",
        f"Bearer  {CRON_SECRET}",
        f"Basic {CRON_SECRET}",
        CRON_SECRET,
        "Bearer wrong-secret-of-the-tests-0123456789abcdef",
        "Bearer 🔑🔑🔑",
        "Bearer пароль".encode("cp1251"),
        b"Bearer \xff\xfe",
        "Bearer null",
    ],
)
async def test_whoever_does_not_show_the_secret_is_turned_away(
    bell: Bell, method: str, authorization: str | bytes | None
) -> None:
    assert await bell.ring(authorization, method) == 401
    assert bell.runs == 0


async def test_two_headers_are_one_too_many(bell: Bell) -> None:
    right = f"Bearer {CRON_SECRET}".encode()
    answer = await bell.world.http.post(
        PATH, headers=[(b"authorization", right), (b"authorization", right)]
    )
    assert answer.status_code == 401


async def test_the_word_bearer_may_be_written_as_one_likes(bell: Bell) -> None:
    assert await bell.ring(f"bearer {CRON_SECRET}") == 200


async def test_the_secret_is_asked_for_before_the_name(bell: Bell) -> None:
    unknown = await bell.world.cron("no-such-job", secret="wrong")
    known = await bell.world.cron("tidy-things", secret="wrong")
    assert (unknown.status, known.status) == (401, 401)
    assert unknown.code == known.code == "UNAUTHORIZED"


@pytest.mark.parametrize("name", ["no-such-job", "things.tidy", "..", "%00", "x" * 100])
async def test_an_unknown_job_is_not_found(bell: Bell, name: str) -> None:
    assert (await bell.world.cron(name)).status == 404


async def test_a_person_with_a_token_is_no_cron_daemon(bell: Bell) -> None:
    admin = await bell.world.admin()
    assert await bell.ring(f"Bearer {admin.token}") == 401


async def test_ringing_twice_at_once_runs_once(bell: Bell) -> None:
    bell.may_end.clear()
    first = asyncio.create_task(bell.world.cron("tidy-things"))
    await bell.begun.wait()
    second = await bell.world.cron("tidy-things")
    bell.may_end.set()
    assert (await first).status == 200
    assert (second.status, second.json["state"], second.json["success"]) == (202, "running", True)
    assert bell.runs == 1


async def test_a_process_that_stops_asks_to_ring_again(bell: Bell) -> None:
    bell.jobs.stop_leasing()
    reply = await bell.world.cron("tidy-things")
    assert (reply.status, reply.code) == (503, "STOPPING")
    assert "retry-after" in reply.headers
