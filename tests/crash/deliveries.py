"""What people hear while replicas die: bookings are made, confirmed and called off, one replica is
killed after the other, and in the end every mail, webhook and live event is counted.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx

from consulta.features.live.rules import LIVE_TOPICS
from consulta.features.subscribers.flows.courier import MOST_OF_ENDPOINT
from consulta.platform.db.dsn import Dsn
from tests.conftest import cloned, migrated_template
from tests.crash.replicas import House, running_house
from tests.features.live.replicas import EVENTS, Stream
from tests.world import Client, Person, Specialist

CALLERS: Final = 2
LAPSE_SECONDS: Final = 310.0
"""Longer than every lease: a mail's is the longest, with five minutes."""

_SETTLED_SECONDS: Final = 60.0
_MOST_ROUNDS: Final = 6

_SLOW = """
INSERT INTO app.outbox (topic, payload)
SELECT 'booking.no_show', jsonb_build_object('booking_id', b.id, 'specialist_id', b.specialist_id,
    'client_id', b.client_id) FROM app.bookings b WHERE b.id = $1
"""

_QUEUES = """
SELECT 'outbox' AS queue, id, fence, state, next_attempt_at <= app.now() AS is_due,
       false AS is_later
FROM app.outbox WHERE state IN ('pending', 'leased')
UNION ALL
SELECT 'mail', id, fence, state, next_attempt_at <= app.now(), send_at > app.now()
FROM app.notifications WHERE state IN ('pending', 'leased')
UNION ALL
SELECT 'webhooks', id, fence, state, next_attempt_at <= app.now(), false
FROM app.webhook_deliveries WHERE state IN ('pending', 'leased')
"""

_REMIND = """
UPDATE app.notifications SET send_at = app.now(), next_attempt_at = app.now()
WHERE id IN (SELECT id FROM app.notifications
             WHERE kind LIKE 'reminder%' AND state = 'pending' AND send_at > app.now()
             ORDER BY random() LIMIT $1)
"""

_MOVES = """
SELECT h.booking_id, h.from_status, h.to_status, b.specialist_id, b.client_id
FROM app.booking_status_history h JOIN app.bookings b ON b.id = h.booking_id
"""

_BOTH: Final = ("specialist_id", "client_id")
_TOLD: Final = {
    "pending_payment": (("booking_booked", ("client_id",)),),
    "awaiting_confirmation": (("booking_awaiting", _BOTH),),
    "confirmed": (("booking_confirmed", _BOTH), ("reminder_24h", _BOTH), ("reminder_1h", _BOTH)),
    "cancelled": (("booking_cancelled", _BOTH),),
}
"""Who hears what of which move, by hand; only what was confirmed is called off here."""


@dataclass(slots=True)
class Rider:
    """A browser: whenever its stream is cut, it goes on behind the last id, at either replica."""

    person: Person
    stream: Stream = field(default_factory=Stream)
    cuts: int = 0

    async def ride(self, house: House, *, first: int) -> None:
        replica = house.replicas[first]
        while True:
            headers = {"Authorization": f"Bearer {self.person.token}"}
            if self.stream.last_id:
                headers["Last-Event-ID"] = self.stream.last_id
            try:
                async with (
                    httpx.AsyncClient(
                        base_url=replica.base_url, timeout=30, trust_env=False, verify=False
                    ) as http,
                    http.stream("GET", EVENTS, headers=headers) as answer,
                ):
                    assert answer.status_code == 200, answer.status_code
                    await self.stream.read(answer)
            except httpx.TransportError:
                pass
            self.cuts += 1
            replica = house.chance.choice(house.replicas)
            await asyncio.sleep(0.02)


@dataclass(slots=True)
class Numbers:
    """What there was of everything, and which promises were broken."""

    seed: int
    kills: int = 0
    slow: int = 0
    bookings: int = 0
    events: int = 0
    cuts: int = 0
    mails: int = 0
    mails_again: int = 0
    reminders: int = 0
    posts: int = 0
    posts_again: int = 0
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}: {self.kills} kills, {self.slow} slow transactions,"
            f" {self.bookings} bookings",
            f"  {self.events} live events, each once and in order at two clients; {self.cuts} cuts",
            f"  {self.mails} mails ({self.reminders} reminders), {self.mails_again} came again",
            f"  {self.posts} webhooks, {self.posts_again} came again",
        ]
        return "\n".join([*lines, *(f"  BROKEN: {one}" for one in self.broken)])


@dataclass(slots=True)
class Play:
    """A performance of so many seconds."""

    house: House
    sarah: Specialist
    anna: Client
    numbers: Numbers
    taken: int = 0
    made: list[UUID] = field(default_factory=list)
    is_over: bool = False

    async def call(self) -> None:
        """Somebody books, is confirmed, and now and then calls it off."""
        chance = self.house.chance
        while not self.is_over:
            booking = await self.anna.post("/bookings", self.sarah.booking(self._next_time()))
            if booking.status == 201:
                id_ = booking.json["id"]
                self.made.append(UUID(id_))
                confirmed = await self.sarah.post(f"/bookings/{id_}/confirm")
                if confirmed.status == 200 and chance.random() < 0.3:
                    await self.anna.post(f"/bookings/{id_}/cancel", {})
            await asyncio.sleep(chance.uniform(0.05, 0.4))

    async def dawdle(self) -> None:
        """Transactions that say something early and commit late, one after the other."""
        chance = self.house.chance
        async with self.house.world.database.connected() as slow:
            while not self.is_over:
                async with slow.transaction():
                    await slow.execute(_SLOW, chance.choice(self.made))
                    await asyncio.sleep(chance.uniform(0.1, 0.8))
                self.numbers.slow += 1
                await asyncio.sleep(chance.uniform(0, 0.5))

    async def remind(self) -> None:
        """Now and then it is time for some reminders."""
        async with self.house.world.database.connected() as wire:
            while not self.is_over:
                await wire.execute(_REMIND, 4)
                await asyncio.sleep(0.3)

    async def kill(self, *, most: int, until: float, rest: tuple[float, float]) -> None:
        """One replica after the other dies at a random moment; the other one lives meanwhile."""
        chance = self.house.chance
        while self.numbers.kills < most and time.monotonic() < until:
            await asyncio.sleep(chance.uniform(*rest))
            victim = chance.choice(self.house.replicas)
            os.kill(victim.pid, signal.SIGKILL)
            self.numbers.kills += 1
            while victim.is_alive:
                await asyncio.sleep(0.005)
            await asyncio.sleep(chance.uniform(0, 0.3))
            await victim.revive()
        self.is_over = True

    def _next_time(self) -> Any:
        self.taken += 1
        first = self.sarah.at("mon 00:00")
        return first + self.taken * (self.sarah.at("mon 00:30") - first)


async def perform(
    house: House, *, seed: int, kills: int, seconds: float, rest: tuple[float, float]
) -> Numbers:
    """So many kills, for so many seconds at most, and so long between them; then everything comes
    to its end and is counted.
    """
    world, numbers = house.world, Numbers(seed)
    whole_week = "sun-sat 00:00-24:00"
    sarah = await world.specialist(provider="manual", open=whole_week, horizon_days=365)
    anna = await world.client("Anna")
    reply = await sarah.post("/specialists/me/webhook-endpoints", {"url": house.listener.url})
    assert reply.status == 201, (reply.json, house.replicas[0].last_words())
    play = Play(house, sarah, anna, numbers)
    play.made.append(UUID((await anna.books(sarah, sarah.at("mon 00:00")))["id"]))
    riders = [Rider(sarah), Rider(anna)]
    rides = [asyncio.create_task(one.ride(house, first=n)) for n, one in enumerate(riders)]
    try:
        for rider in riders:
            await rider.stream.until(lambda one: bool(one.last_id))
        begun_behind = [one.stream.last_id for one in riders]
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(play.call())
            group.create_task(play.dawdle())
            group.create_task(play.remind())
            until = time.monotonic() + seconds
            group.create_task(play.kill(most=kills, until=until, rest=rest))
        numbers.bookings = len(play.made)
        await _settle(house)
        await _hear_all(house, riders, begun_behind, numbers)
    finally:
        for ride in rides:
            ride.cancel()
        await asyncio.gather(*rides, return_exceptions=True)
    await _count_mails(house, play)
    await _count_posts(house, play)
    return numbers


async def _settle(house: House) -> None:
    """What the living had in hand is done, the leases of the dead have lapsed, all reminders were
    due, and nothing waits any more.
    """
    for _ in range(_MOST_ROUNDS):
        if await _quiet(house):
            await house.world.travel(seconds=LAPSE_SECONDS)
        elif not await house.world.superuser.fetch(_REMIND + " RETURNING id", 1_000_000):
            return
    raise AssertionError("something waits for ever")


async def _quiet(house: House) -> bool:
    """Nothing is due, and whatever is leased has been for a while: its holder is dead. Whether
    anything but reminders of later waits.
    """
    before: set[tuple[Any, ...]] | None = None
    async with asyncio.timeout(_SETTLED_SECONDS):
        while True:
            rows = [tuple(row) for row in await house.world.superuser.fetch(_QUEUES)]
            leased = {row for row in rows if row[3] == "leased"}
            is_due = any(state == "pending" and is_due for *_, state, is_due, _ in rows)
            if not is_due and leased == before:
                return any(not is_later for *_, is_later in rows)
            before = leased
            await asyncio.sleep(0.4)


async def _hear_all(
    house: House, riders: list[Rider], begun_behind: list[str], numbers: Numbers
) -> None:
    """Both clients have heard every event once, in the order of the house."""
    for rider, place in zip(riders, begun_behind, strict=True):
        xid, _, id_ = place.partition("-")
        rows = await house.world.rows(
            "SELECT id::text AS id FROM app.outbox"
            " WHERE $1 IN (payload->>'specialist_id', payload->>'client_id')"
            " AND topic = ANY ($2) AND (xid, id) > ($3::text::xid8, $4)"
            " ORDER BY xid, id",
            str(rider.person.id),
            sorted(LIVE_TOPICS),
            xid,
            UUID(id_),
        )
        wanted = [row["id"] for row in rows]
        with contextlib.suppress(TimeoutError):
            await rider.stream.until(lambda one: len(one.events) >= len(wanted))  # noqa: B023
        heard = [event.data.get("id", event.name) for event in rider.stream.events]
        if heard != wanted:
            numbers.broken.append(_difference("live events", heard, wanted))
        numbers.events = len(wanted)
        numbers.cuts += rider.cuts


def _difference(what: str, heard: list[str], wanted: list[str]) -> str:
    missing = len(set(wanted) - set(heard))
    twice = sum(count - 1 for count in Counter(heard).values())
    strange = set(heard) - set(wanted)
    return f"{what}: {missing} are missing, {twice} came twice, {len(strange)} are strange"


async def _count_mails(house: House, play: Play) -> None:
    """Each move was told once to each; what was sent is at the post office, and nothing else."""
    numbers, world = play.numbers, house.world
    wanted: Counter[tuple[Any, ...]] = Counter()
    for move in await world.rows(_MOVES):
        for kind, parties in _TOLD[move["to_status"]]:
            wanted.update((move["booking_id"], kind, move[party]) for party in parties)
    rows = await world.rows(
        "SELECT booking_id, kind, recipient_id, state, last_error, message_id"
        " FROM app.notifications"
    )
    found = Counter((row["booking_id"], row["kind"], row["recipient_id"]) for row in rows)
    if found != wanted:
        numbers.broken.append(f"rows of mail: {wanted - found} are missing, {found - wanted} extra")
    odd = Counter(
        (row["state"], row["last_error"])
        for row in rows
        if row["state"] != "sent" and (row["state"], row["last_error"]) != ("skipped", "OVERTAKEN")
    )
    if odd:
        numbers.broken.append(f"mail ended as {odd}")
    sent = {row["message_id"] for row in rows if row["state"] == "sent"}
    came = Counter(mail.id for mail in house.office.received)
    # A mail whose record was lost with its process may have been overtaken when it was looked at
    # again: then it came, and is recorded as skipped.
    unrecorded = set(came) - sent
    if lost := sent - set(came):
        numbers.broken.append(f"{len(lost)} mails are recorded and never came")
    numbers.mails = len(came)
    numbers.reminders = sum(
        row["kind"].startswith("reminder") for row in rows if row["state"] == "sent"
    )
    numbers.mails_again = sum(came.values()) - len(came)
    if numbers.mails_again + len(unrecorded) > numbers.kills:
        numbers.broken.append(
            f"{numbers.mails_again} mails again, {len(unrecorded)} unrecorded:"
            " a process has one in hand at most"
        )


async def _count_posts(house: House, play: Play) -> None:
    """Each public fact came under its own id and with one body."""
    numbers = play.numbers
    rows = await house.world.rows(
        "SELECT id::text AS id FROM app.outbox WHERE topic LIKE 'booking.%'"
        " AND payload->>'specialist_id' = $1",
        str(play.sarah.id),
    )
    came = Counter(one.headers["webhook-id"] for one in house.listener.received)
    bodies = {(one.headers["webhook-id"], one.body) for one in house.listener.received}
    wanted = [row["id"] for row in rows]
    if sorted(came) != sorted(wanted):
        numbers.broken.append(_difference("webhooks", list(came), wanted))
    if len(bodies) != len(came):
        numbers.broken.append("a webhook came again with another body")
    numbers.posts = len(came)
    numbers.posts_again = sum(came.values()) - len(came)
    if numbers.posts_again > numbers.kills * MOST_OF_ENDPOINT:
        numbers.broken.append(f"{numbers.posts_again} webhooks again: a process has four in hand")


async def perform_long(cluster: Dsn, *, minutes: float, seed: int) -> int:
    """`python -m tests.crash --deliveries MINUTES`: 1 if a promise was broken or nobody died."""
    async with (
        cloned(await migrated_template(cluster)) as database,
        running_house(database, seed=seed) as house,
    ):
        numbers = await perform(
            house, seed=seed, kills=1_000_000, seconds=60 * minutes, rest=(0.5, 4)
        )
    print(numbers)
    return int(bool(numbers.broken) or not numbers.kills)
