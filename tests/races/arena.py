"""The arena: two replicas over one database, a crowd with tokens, and one starting signal."""

import asyncio
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from tests.conftest import TestDatabase
from tests.world import Client, Reply, Specialist, World, running_world

REPLICAS = 2
ROOT = Path(__file__).parents[2]
T = TypeVar("T")

_CROWD = """
WITH named AS (
    SELECT n, gen_random_uuid() AS session_id, 'client.' || n || '@crowd.example.org' AS mail
    FROM generate_series(1, $1) n
), people AS (
    INSERT INTO app.users (email, role, email_verified_at) SELECT mail, 'client', now() FROM named
    RETURNING id, email
), profiles AS (
    INSERT INTO app.profiles (user_id, full_name, time_zone)
    SELECT id, 'Client ' || email, 'UTC' FROM people
)
INSERT INTO app.user_sessions (id, user_id, family_id, token_hash, expires_at, family_expires_at)
SELECT n.session_id, p.id, n.session_id, sha256(n.mail::bytea), now() + interval '90 days',
       now() + interval '90 days'
FROM named n JOIN people p ON p.email = n.mail
RETURNING user_id, family_id
"""


@dataclass(slots=True)
class Stopwatch:
    """The slowest answer, and everything that should not have come, over all rounds."""

    slowest_seconds: float = 0.0
    answers: int = 0

    async def times(self, answer: Awaitable[Reply]) -> Reply:
        begun = time.perf_counter()
        reply = await answer
        self.slowest_seconds = max(self.slowest_seconds, time.perf_counter() - begun)
        self.answers += 1
        return reply

    def __str__(self) -> str:
        return f"{self.answers} answers, the slowest after {self.slowest_seconds:.2f} s"


@dataclass(frozen=True, slots=True)
class Arena:
    """People are made in `world`; the crowd speaks to the replicas, each to one of them."""

    world: World
    crowd: Sequence[Client]

    def over(self, line: int, person: Client) -> Client:
        """The same person on the line of another: even ones end at one replica, odd at another."""
        http = self.crowd[line].http
        return Client(http, id=person.id, token=person.token, name=person.name)

    async def deadlocks(self) -> int:
        """Of this database, since it exists. Servers tell the statistics within a second."""
        await asyncio.sleep(1.1)
        count: int = await self.world.value(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        return count


async def all_at_once(acts: Sequence[Awaitable[T]]) -> list[T]:
    """Everybody starts at the same signal."""
    ready = asyncio.Event()

    async def one(act: Awaitable[T]) -> T:
        await ready.wait()
        return await act

    tasks = [asyncio.create_task(one(act)) for act in acts]
    await asyncio.sleep(0)
    ready.set()
    return await asyncio.gather(*tasks)


async def race_for(
    arena: Arena, sarah: Specialist, when: object, *, watch: Stopwatch, people: int
) -> Counter[tuple[int, str | None]]:
    """So many different people book the same time at once: how often was answered what."""
    body = sarah.booking(when)  # type: ignore[arg-type]
    replies = await all_at_once(
        [watch.times(one.post("/bookings", body)) for one in arena.crowd[:people]]
    )
    return Counter((reply.status, reply.code) for reply in replies)


@asynccontextmanager
async def running_arena(database: TestDatabase, *, people: int, logs: Path) -> AsyncIterator[Arena]:
    """Two replicas serve `database` until the end of the block."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(running_world(database))
        addresses = [
            stack.enter_context(_replica(database, logs / f"replica-{number}.log"))
            for number in range(REPLICAS)
        ]
        # A line each: a shared pool would look through all of its connections for every request.
        lines = [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.AsyncHTTPTransport(verify=False),
                    base_url=addresses[number % REPLICAS],
                    timeout=30,
                )
            )
            for number in range(people)
        ]
        for answer in await asyncio.gather(*(line.get("/livez") for line in lines)):
            assert answer.status_code == 200
        yield Arena(world, await _crowd(world, lines))


@contextmanager
def _replica(database: TestDatabase, log: Path) -> Iterator[str]:
    """The address of a replica, which is gone with the block."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener, log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.races.serve",
                database.superuser_dsn,
                str(listener.fileno()),
            ],
            cwd=ROOT,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def _crowd(world: World, lines: Sequence[httpx.AsyncClient]) -> list[Client]:
    tokens = world.app.state.identities.tokens
    rows = await world.superuser.fetch(_CROWD, len(lines))
    return [
        Client(
            line,
            id=row["user_id"],
            token=tokens.issue(user_id=row["user_id"], family_id=row["family_id"]),
            name=f"Client {number}",
        )
        for number, (line, row) in enumerate(zip(lines, rows, strict=True))
    ]
