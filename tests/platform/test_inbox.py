"""The inbox: a letter is stored once, handled once, and never lost."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database
from consulta.platform.inbox import (
    GAPS_SECONDS,
    MOST_ATTEMPTS,
    Arrival,
    Inbox,
    Letter,
    LetterState,
    LetterTaken,
)
from tests.conftest import TestDatabase
from tests.platform.replicas import doors, replica, rows, travel

__all__ = ["doors"]

POST = Actor.system("webhooks.test")


def arrival(number: int = 1, account: str = "") -> Arrival:
    return Arrival(
        provider="sandbox",
        event_id=f"evt_{number}",
        kind="payment.succeeded",
        account=account,
        charge_reference=f"ch_{number}",
        payment_id=uuid4(),
        body={"amount": 20000},
    )


class Desk:
    """A handler that settles each letter in a transaction that also sends a message."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.inbox = Inbox(database, self.handle)
        self.seen: list[Letter] = []
        self.is_broken = False

    async def handle(self, letter: Letter) -> None:
        self.seen.append(letter)
        if self.is_broken:
            raise RuntimeError("anna@example.com paid with 4242424242424242")
        async with self.database.work(POST) as work:
            work.send("letter.handled", {"letter": letter.id})
            await self.inbox.settled(work, letter)

    async def receive(self, one: Arrival) -> bool:
        async with self.database.work(POST) as work:
            return await self.inbox.record(work, one)


@pytest.fixture
def desk(doors: Database) -> Desk:
    return Desk(doors)


async def letters(database: TestDatabase) -> list[tuple[object, ...]]:
    found = await rows(
        database, "SELECT state, attempts, last_error FROM app.webhook_events ORDER BY event_id"
    )
    return [tuple(row) for row in found]


async def effects(database: TestDatabase) -> int:
    return len(await rows(database, "SELECT FROM app.outbox WHERE topic = 'letter.handled'"))


async def test_one_letter_fifty_times_at_once_is_stored_once(
    database: TestDatabase,
) -> None:
    async with replica(database, size=10) as one, replica(database, size=10) as two:
        desks = [Desk(one), Desk(two)]
        stored = await asyncio.gather(
            *(desk.receive(arrival()) for desk in desks for _ in range(25))
        )
        swept = await asyncio.gather(*(desk.inbox.sweep() for desk in desks))

    assert (sum(stored), sum(swept), await effects(database)) == (1, 1, 1)
    assert await letters(database) == [("done", 1, None)]


async def test_accounts_and_providers_keep_their_own_count(
    desk: Desk, database: TestDatabase
) -> None:
    assert await desk.receive(arrival())
    assert await desk.receive(arrival(account="acct_1"))
    assert not await desk.receive(arrival(account="acct_1"))
    assert len(await letters(database)) == 2


async def test_a_letter_carries_what_its_handler_needs(desk: Desk) -> None:
    sent = arrival(account="acct_9")
    await desk.receive(sent)
    await desk.inbox.sweep()
    letter = desk.seen[0]
    assert (letter.provider, letter.account, letter.kind) == ("sandbox", "acct_9", sent.kind)
    assert (letter.charge_reference, letter.payment_id, letter.livemode) == (
        "ch_1",
        sent.payment_id,
        False,
    )
    assert (letter.attempts, letter.fence) == (1, 1)


async def test_two_hundred_letters_are_split_between_replicas(database: TestDatabase) -> None:
    async with replica(database) as one, replica(database) as two:
        desks = [Desk(one), Desk(two)]
        async with one.work(POST) as work:
            for number in range(200):
                await desks[0].inbox.record(work, arrival(number))

        async def work_off(desk: Desk) -> None:
            while await desk.inbox.sweep(20):
                pass

        await asyncio.gather(*(work_off(desk) for desk in desks))

    handled = [letter.id for desk in desks for letter in desk.seen]
    assert (len(handled), len(set(handled))) == (200, 200)
    assert all(desk.seen for desk in desks)
    assert await effects(database) == 200


async def test_a_failure_is_tried_again_with_growing_gaps_and_then_parked(
    desk: Desk, database: TestDatabase
) -> None:
    await desk.receive(arrival())
    desk.is_broken = True
    for gap in GAPS_SECONDS:
        assert await desk.inbox.sweep() == 1
        assert await desk.inbox.sweep() == 0
        await travel(database, timedelta(seconds=gap))
    assert await desk.inbox.sweep() == 1
    await travel(database, timedelta(days=30))
    assert await desk.inbox.sweep() == 0

    assert len(desk.seen) == MOST_ATTEMPTS == 15
    assert timedelta(days=2.5) < timedelta(seconds=sum(GAPS_SECONDS)) < timedelta(days=3.5)
    assert await letters(database) == [("parked", 15, "RuntimeError")]


async def test_a_parked_letter_can_be_replayed(desk: Desk, database: TestDatabase) -> None:
    await desk.receive(arrival())
    async with database.connected() as superuser:
        letter_id: UUID = await superuser.fetchval(
            "UPDATE app.webhook_events SET state = 'parked', attempts = 15 RETURNING id"
        )
    assert await desk.inbox.replay(letter_id)
    assert not await desk.inbox.replay(letter_id)
    assert not await desk.inbox.replay(uuid4())
    await desk.inbox.sweep()
    assert await letters(database) == [("done", 1, None)]


async def test_a_crash_after_the_claim_is_made_good(desk: Desk, database: TestDatabase) -> None:
    await desk.receive(arrival())
    await desk.inbox.claim(10)
    assert await desk.inbox.sweep() == 0
    await travel(database, timedelta(minutes=3))
    assert await desk.inbox.sweep() == 1
    assert await letters(database) == [("done", 2, None)]


async def test_a_letter_that_kills_every_process_is_parked(
    desk: Desk, database: TestDatabase
) -> None:
    await desk.receive(arrival())
    for _ in range(MOST_ATTEMPTS):
        assert len(await desk.inbox.claim(10)) == 1
        await travel(database, timedelta(minutes=3))
    assert await desk.inbox.sweep() == 0
    assert await letters(database) == [("parked", 15, "LEASE_LAPSED")]


async def test_a_late_handler_writes_nothing(desk: Desk, database: TestDatabase) -> None:
    await desk.receive(arrival())
    late = (await desk.inbox.claim(10))[0]
    await travel(database, timedelta(minutes=3))
    await desk.inbox.sweep()
    with pytest.raises(LetterTaken):
        await desk.handle(late)
    assert await effects(database) == 1
    assert await letters(database) == [("done", 2, None)]


async def test_what_means_nothing_is_ignored_with_its_reason(
    desk: Desk, database: TestDatabase
) -> None:
    await desk.receive(arrival())
    letter = (await desk.inbox.claim(10))[0]
    async with desk.database.work(POST) as work:
        await desk.inbox.settled(work, letter, LetterState.IGNORED, "NOT_OURS")
    assert await letters(database) == [("ignored", 1, "NOT_OURS")]


async def test_settled_letters_are_purged_and_parked_ones_kept(
    desk: Desk, database: TestDatabase
) -> None:
    await desk.receive(arrival(1))
    await desk.inbox.sweep()
    await desk.receive(arrival(2))
    async with database.connected() as superuser:
        await superuser.execute(
            "UPDATE app.webhook_events SET state = 'parked' WHERE state = 'received'"
        )
    assert await desk.inbox.purge(older_than=timedelta(days=30)) == 0
    await travel(database, timedelta(days=31))
    assert await desk.inbox.purge(older_than=timedelta(days=30)) == 1
    assert [letter[0] for letter in await letters(database)] == ["parked"]


async def test_nobody_but_the_worker_touches_the_inbox(doors: Database) -> None:
    inbox = Inbox(doors, Desk(doors).handle)
    for actor in (Actor.anonymous(), Actor(Actor.anonymous().role.CLIENT, uuid4())):
        with pytest.raises(Exception, match="permission denied"):
            async with doors.work(actor) as work:
                await inbox.record(work, arrival())
