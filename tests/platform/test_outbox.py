"""The outbox: what was committed is delivered, what was rolled back never is."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from consulta.kernel.actor import Actor, Role
from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs, Run, job
from consulta.platform.outbox import MOST_ATTEMPTS, Message, Outbox
from tests.conftest import TestDatabase
from tests.platform.replicas import doors, replica, rows, travel

__all__ = ["doors"]

WORKER = Actor.system("test")
ANNA = Actor(Role.CLIENT, uuid4())


class Post:
    """Hears one topic and remembers what came."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.outbox = Outbox(
            database,
            {"thing.made": self.hear, "thing.seen": None},
            unknown_after=timedelta(hours=1),
        )
        self.heard: list[Message] = []
        self.broken: set[int] = set()

    async def hear(self, message: Message) -> None:
        self.heard.append(message)
        if message.payload["n"] in self.broken:
            raise RuntimeError("secret words")

    async def send(self, *numbers: int, topic: str = "thing.made", actor: Actor = ANNA) -> None:
        async with self.database.work(actor) as work:
            for number in numbers:
                work.send(topic, {"n": number, "user_id": ANNA.id})

    async def drain_until_quiet(self) -> None:
        """Other databases of the same server hold back what is visible for a moment."""
        async with asyncio.timeout(20):
            while await rows_waiting(self.database):
                await self.outbox.drain()
                await asyncio.sleep(0.01)


async def rows_waiting(database: Database) -> int:
    async with database.read(WORKER) as work:
        waiting: int = await work.fetchval(
            "SELECT count(*) FROM app.outbox"
            " WHERE state IN ('pending', 'leased') AND next_attempt_at <= app.now()"
        )
    return waiting


async def states(database: TestDatabase) -> list[tuple[object, ...]]:
    found = await rows(
        database, "SELECT state, attempts, last_error FROM app.outbox ORDER BY payload->>'n'"
    )
    return [tuple(row) for row in found]


async def test_messages_arrive_in_the_order_of_their_transactions(
    doors: Database, database: TestDatabase
) -> None:
    post = Post(doors)
    for number in range(0, 30, 3):
        await post.send(number, number + 1, number + 2)
    await post.drain_until_quiet()
    assert len({message.id for message in post.heard}) == 30
    assert [message.payload["n"] // 3 for message in post.heard] == [n // 3 for n in range(30)]
    assert {state[0] for state in await states(database)} == {"done"}


async def test_a_slow_transaction_is_overtaken_but_not_lost(doors: Database) -> None:
    post = Post(doors)
    async with doors.work(ANNA) as slow:
        await slow.execute(
            "INSERT INTO app.outbox (topic, payload) VALUES ('thing.made', $1)",
            {"n": 1, "user_id": ANNA.id},
        )
        await post.send(2)
        assert (await post.outbox.drain()).delivered == 0
    await post.drain_until_quiet()
    assert [message.payload["n"] for message in post.heard] == [1, 2]


async def test_what_was_rolled_back_is_never_heard(doors: Database) -> None:
    post = Post(doors)
    with pytest.raises(LookupError):
        async with doors.work(ANNA) as work:
            work.send("thing.made", {"n": 1})
            raise LookupError
    await post.drain_until_quiet()
    assert post.heard == []


async def test_two_replicas_split_the_messages(database: TestDatabase) -> None:
    async with replica(database) as one, replica(database) as two:
        posts = [Post(one), Post(two)]
        await posts[0].send(*range(300))

        async def work_off(post: Post) -> None:
            while await rows_waiting(post.database):
                await post.outbox.drain(20)

        await asyncio.gather(*(work_off(post) for post in posts))
    heard = sorted(message.payload["n"] for post in posts for message in post.heard)
    assert heard == list(range(300))
    assert all(post.heard for post in posts)


async def test_a_failure_backs_off_alone_and_is_parked_at_last(
    doors: Database, database: TestDatabase
) -> None:
    post = Post(doors)
    post.broken = {2}
    await post.send(1, 2, 3)
    await post.drain_until_quiet()
    assert [state[0] for state in await states(database)] == ["done", "pending", "done"]

    for _ in range(MOST_ATTEMPTS + 3):
        await travel(database, timedelta(hours=1))
        await post.drain_until_quiet()
    assert (await states(database))[1] == ("parked", MOST_ATTEMPTS, "RuntimeError")
    assert sum(message.payload["n"] == 2 for message in post.heard) == MOST_ATTEMPTS

    post.broken = set()
    parked: UUID = post.heard[-1].id
    assert await post.outbox.replay(parked)
    assert not await post.outbox.replay(parked)
    await post.drain_until_quiet()
    assert (await states(database))[1][0] == "done"


async def test_the_gaps_grow_to_an_hour(doors: Database, database: TestDatabase) -> None:
    post = Post(doors)
    post.broken = {1}
    await post.send(1)
    gaps = []
    for _ in range(MOST_ATTEMPTS - 1):
        await post.drain_until_quiet()
        row = await rows(
            database, "SELECT extract(epoch FROM next_attempt_at - app.now()) FROM app.outbox"
        )
        gaps.append(float(row[0][0]))
        await travel(database, timedelta(hours=1))
    assert gaps[0] <= 5
    assert gaps == sorted(gaps)
    assert 2_600 < gaps[-1] <= 3_600


async def test_what_nobody_hears_is_settled_in_bulk(
    doors: Database, database: TestDatabase
) -> None:
    post = Post(doors)
    await post.send(*range(150), topic="thing.seen")
    await post.drain_until_quiet()
    assert post.heard == []
    assert {state[0] for state in await states(database)} == {"done"}


async def test_a_topic_of_a_newer_replica_is_left_to_it_for_a_while(
    doors: Database, database: TestDatabase
) -> None:
    post = Post(doors)
    await post.send(1, topic="thing.of_tomorrow")
    await post.outbox.drain()
    assert (await states(database))[0][0] == "pending"
    await travel(database, timedelta(hours=2))
    await post.drain_until_quiet()
    assert (await states(database))[0][0] == "done"


async def test_a_crash_in_the_middle_delivers_again(
    doors: Database, database: TestDatabase
) -> None:
    post = Post(doors)
    await post.send(1)
    claimed: list[Message] = []
    while not claimed:
        claimed, _ = await post.outbox._claim(10)
    assert (await post.outbox.drain()).delivered == 0
    await travel(database, timedelta(minutes=3))
    await post.drain_until_quiet()
    assert post.heard[0].id == claimed[0].id
    assert await states(database) == [("done", 2, None)]


async def test_a_drain_that_is_cancelled_gives_back_what_it_did_not_begin(
    doors: Database, database: TestDatabase
) -> None:
    begun = asyncio.Event()

    async def stuck(_message: Message) -> None:
        begun.set()
        await asyncio.sleep(60)

    await Post(doors).send(1, 2, 3)
    outbox = Outbox(doors, {"thing.made": stuck})

    async def drain() -> None:
        while True:
            await outbox.drain()

    draining = asyncio.create_task(drain())
    await asyncio.wait_for(begun.wait(), 10)
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    assert await states(database) == [("pending", 0, None)] * 3


async def test_settled_messages_are_purged_after_a_week(
    doors: Database, database: TestDatabase
) -> None:
    post = Post(doors)
    await post.send(1, 2)
    await post.drain_until_quiet()
    assert await post.outbox.purge() == 0
    await travel(database, timedelta(days=8))
    await post.send(3)
    assert await post.outbox.purge() == 2
    assert len(await states(database)) == 1


async def test_a_nudge_wakes_whoever_asked_to_be_woken(doors: Database) -> None:
    post, woken = Post(doors), []
    post.outbox.nudge()
    post.outbox.wakes(lambda: woken.append(1))
    post.outbox.nudge()
    assert woken == [1]


async def test_only_a_commit_with_messages_wakes_anybody(doors: Database) -> None:
    post, woken = Post(doors), []
    post.outbox.wakes(lambda: woken.append(1))
    doors.on_messages = post.outbox.nudge
    async with doors.work(ANNA) as silent:
        await silent.now()
    with pytest.raises(LookupError):
        async with doors.work(ANNA) as work:
            work.send("thing.made", {"n": 1})
            raise LookupError
    assert woken == []
    await post.send(1, 2)
    assert woken == [1]


async def test_a_nudge_delivers_without_waiting_for_the_clock(doors: Database) -> None:
    post = Post(doors)

    @job("outbox.deliver", every=timedelta(hours=1), time_limit=timedelta(minutes=1), loop=True)
    async def deliver(_run: Run) -> None:
        await post.drain_until_quiet()

    jobs = Jobs(doors, [deliver])
    post.outbox.wakes(lambda: jobs.nudge("outbox.deliver"))
    doors.on_messages = post.outbox.nudge
    await post.send(1)
    await jobs.idle()
    assert [message.payload["n"] for message in post.heard] == [1]
