"""Live events: each once and in order, over reconnects and replicas, until the sign-in ends."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import jwt
import pytest

from consulta.platform.auth.tokens import LEEWAY_SECONDS
from tests.conftest import TestDatabase
from tests.features.live.replicas import Replica, Stream, listening_replica
from tests.settings import JWT_SECRET
from tests.world import Person, World

_TELL = """
INSERT INTO app.outbox (topic, payload, created_at)
SELECT 'booking.confirmed', jsonb_build_object('booking_id', b, 'client_id', $2::uuid,
    'specialist_id', $3::uuid, 'reason', 'private'), app.now() - $4::interval
FROM unnest($1::uuid[]) AS b
"""


@dataclass(frozen=True, slots=True)
class House:
    """Two replicas over one database."""

    world: World
    one: Replica
    two: Replica


@pytest.fixture
async def house(world: World) -> AsyncIterator[House]:
    async with listening_replica(world.database) as one, listening_replica(world.database) as two:
        yield House(world, one, two)


async def tell(
    wire: asyncpg.Connection,
    client: Person,
    count: int = 1,
    *,
    specialist: UUID | None = None,
    ago: timedelta = timedelta(),
) -> list[str]:
    """So many facts about bookings of that client, in one transaction and in the order told."""
    told = sorted((uuid4() for _ in range(count)), key=str)
    for one in told if count < 10 else ():
        await wire.execute(_TELL, [one], client.id, specialist or uuid4(), ago)
    if count >= 10:
        await wire.execute(_TELL, told, client.id, specialist or uuid4(), ago)
    return [str(one) for one in told]


async def test_each_event_comes_once_and_in_order_whichever_replica_is_asked(house: House) -> None:
    world = house.world
    sarah = await world.specialist(provider="manual")
    anna, ben = await world.client("Anna"), await world.client("Ben")
    async with house.one.stream(sarah) as hers, house.one.stream(ben) as strangers:
        async with house.one.stream(anna) as stream:
            booking = await anna.books(sarah, "mon 10:00")
            assert (await sarah.post(f"/bookings/{booking['id']}/confirm")).status == 200
            await stream.hears(2)
            told = await tell(world.superuser, anna, 3, specialist=sarah.id)
            await stream.hears(5)
        assert [one.name for one in stream.events[:2]] == [
            "booking.requested",
            "booking.confirmed",
        ]
        first = stream.events[0].data
        assert first.keys() == {
            *("type", "id", "occurred_at"),
            *("booking_id", "client_id", "specialist_id"),
        }
        assert first["booking_id"] == booking["id"]
        assert [one.data["booking_id"] for one in stream.events[2:]] == told
        missed = await tell(world.superuser, anna, 2, specialist=sarah.id)
        await hers.hears(7)
        for replica in (house.one, house.two):  # from memory, and from the tables
            async with replica.stream(anna, stream.last_id) as again:
                assert await again.hears(2) == missed
        async with house.two.stream(anna, stream.events[1].id) as again:
            last = await tell(world.superuser, anna, specialist=sarah.id)
            assert await again.hears(6) == [*told, *missed, *last]
        async with house.one.stream(anna, again.last_id) as caught_up:
            more = await tell(world.superuser, anna)
            assert await caught_up.hears(1) == more
        ids = [one.id for one in hers.events]
        assert len(set(ids)) == len(ids) == 8
        assert strangers.events == []
        await nothing_is_held(house)


async def nothing_is_held(house: House) -> None:
    """While streams wait, no connection of people and no transaction is theirs."""
    for replica in (house.one, house.two):
        engines = replica.app.state.database.engines
        assert (engines.api.pool.checkedout(), engines.admin.pool.checkedout()) == (0, 0)
    async with asyncio.timeout(5):
        while await house.world.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%' AND xact_start < now() - interval '1 second'"
        ):
            await asyncio.sleep(0.05)


async def test_an_event_of_a_slow_transaction_is_not_lost(
    house: House, database: TestDatabase
) -> None:
    anna = await house.world.client("Anna")
    by_id = "SELECT payload->>'booking_id' FROM app.outbox WHERE id > $1 ORDER BY id"
    async with house.one.stream(anna) as stream, database.connected() as slow:
        transaction = slow.transaction()
        await transaction.start()
        early = await tell(slow, anna)
        late = await tell(house.world.superuser, anna)
        naive = await house.world.rows(by_id, UUID(int=0))
        newest = await house.world.value("SELECT max(id::text) FROM app.outbox")
        await asyncio.sleep(0.2)
        assert stream.events == []
        await transaction.commit()

        assert await stream.hears(2) == [*early, *late]
        # Control: whoever reads what is there and goes on behind the newest id never sees it.
        naive += await house.world.rows(by_id, UUID(newest))
        assert [next(iter(row.values())) for row in naive] == late


async def test_who_came_before_anything_happened_does_not_miss_the_first(house: House) -> None:
    anna = await house.world.client("Anna")
    async with house.one.stream(anna) as early, house.one.stream(anna) as stays:
        await early.until(lambda one: one.last_id != "")
        assert await house.world.value("SELECT count(*) FROM app.outbox") == 0
        [first] = await tell(house.world.superuser, anna)
        assert await stays.hears(1) == [first]
        async with house.one.stream(anna, "0-00000000-0000-0000-0000-000000000000") as again:
            assert await again.hears(1) == [first]
        async with house.two.stream(anna, "0-00000000-0000-0000-0000-000000000000") as again:
            await again.until(lambda one: one.events != [])
            assert again.events[0].name == "reset", "that replica was not there"


async def test_who_missed_too_much_is_told_to_look_anew(house: House) -> None:
    world, anna = house.world, await house.world.client("Anna")
    wire = world.superuser
    async with house.one.stream(anna) as stream:
        [yesterday] = await tell(wire, anna, ago=timedelta(hours=25))
        [today] = await tell(wire, anna, ago=timedelta(hours=23))
        await stream.hears(2)
    old, recent = (one.id for one in stream.events)
    xid, _, _ = recent.partition("-")
    garbage = ("nonsense", "0", "1-2", f"{xid}-{uuid4()}", f"{2**63}-{uuid4()}", "")
    for last_id in (*garbage, old):
        async with house.two.stream(anna, last_id) as again:
            [new] = await tell(wire, anna)
            assert (await again.hears(2))[1] == new, last_id
            assert again.events[0].name == "reset", last_id
            assert again.events[0].id
    async with house.two.stream(anna, recent) as again:
        assert len(await again.hears(len(garbage) + 1)) == len(garbage) + 1
    await tell(wire, await world.client("Ben"), 20_001)
    async with house.two.stream(anna, again.last_id) as lost:
        await lost.until(lambda one: one.events != [])
        assert lost.events[0].name == "reset"
    assert yesterday != today


async def test_who_reads_too_slowly_is_cut_off_and_resumes(house: House) -> None:
    anna, sarah = await house.world.client("Anna"), await house.world.specialist()
    heard: list[str] = []
    last_id: str | None = None
    async with house.one.stream(sarah), house.one.stream(anna) as stream:
        [first] = await tell(house.world.superuser, anna)
        assert await stream.hears(1) == [first]
        told = await tell(house.world.superuser, anna, 900)
        await stream.until(lambda one: one.is_over)
        heard += [one.data["booking_id"] for one in stream.events[1:]]
        last_id = stream.last_id
        async with house.one.stream(anna, last_id) as again:
            await again.hears(900 - len(heard))
            heard += [one.data["booking_id"] for one in again.events]
    assert len(heard) == 900
    assert set(heard) == set(told)


async def test_quiet_streams_move_on_and_there_is_room_for_so_many(house: House) -> None:
    anna, ben = await house.world.client("Anna"), await house.world.client("Ben")
    replica = house.one
    replica.app.state.feed.heartbeat_seconds = 0.1
    async with replica.stream(anna) as quiet, replica.stream(anna), replica.stream(anna):
        await tell(house.world.superuser, ben)
        await quiet.until(lambda one: one.last_id != "" and one.comments.count("all is well") > 3)
        assert quiet.events == []
        async with replica.stream(anna) as fourth:
            assert (fourth.status, fourth.code) == (429, "TOO_MANY_STREAMS")
        cleo = await house.world.client("Cleo")
        async with (
            replica.stream(ben),
            replica.stream(ben),
            replica.stream(ben),
            replica.stream(cleo) as seventh,
        ):
            assert (seventh.status, seventh.code) == (503, "STREAMS_FULL")
    async with house.two.stream(anna, quiet.last_id) as again:
        told = await tell(house.world.superuser, anna)
        assert await again.hears(1) == told
    async with asyncio.timeout(5):
        while replica.app.state.feed._reader is not None:
            await asyncio.sleep(0.02)
    assert not replica.app.state.feed._listeners


async def test_a_stream_ends_with_the_sign_in(house: House) -> None:
    world = house.world
    for replica in (house.one, house.two):
        replica.app.state.feed.look_seconds = 0.2
    anna, ben, cleo = [await world.client(name) for name in ("Anna", "Ben", "Cleo")]
    claims = jwt.decode(
        cleo.token or "", JWT_SECRET, algorithms=["HS256"], options={"verify_aud": False}
    )
    short = {**claims, "exp": int(time.time()) - LEEWAY_SECONDS + 4}
    cleo.token = jwt.encode(short, JWT_SECRET, algorithm="HS256", headers=_headers(cleo))
    async with (
        house.one.stream(anna) as signed_out,
        house.two.stream(ben) as deactivated,
        house.one.stream(cleo) as lapsed,
    ):
        assert (await anna.post("/auth/logout")).status < 300
        await world.superuser.execute(
            "UPDATE app.users SET is_active = false WHERE id = $1", ben.id
        )
        for replica in (house.one, house.two):
            replica.app.state.identities.clear()  # As after the five seconds of its memory.
        for stream in (lapsed, signed_out, deactivated):
            await stream.until(lambda one: one.is_over)
            assert [one.name for one in stream.events] == ["expired"]
    async with house.one.stream(cleo) as refused:
        assert (refused.status, refused.code) == (401, "UNAUTHORIZED")


def _headers(person: Person) -> dict[str, str]:
    headers: dict[str, str] = jwt.get_unverified_header(person.token or "")
    return headers


async def test_streams_end_with_the_process(world: World) -> None:
    """On a SIGTERM, as it comes from outside: nothing waits for those who would listen for ever."""
    anna = await world.client("Anna")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.races.serve", world.database.superuser_dsn, str(listener.fileno())),
            pass_fds=[listener.fileno()],
        )
        try:
            replica = Replica(world.app, f"http://127.0.0.1:{listener.getsockname()[1]}")
            async with replica.stream(anna) as stream:
                assert stream.status == 200
                begun = time.monotonic()
                os.kill(process.pid, signal.SIGTERM)
                await stream.until(lambda one: one.is_over)
                async with asyncio.timeout(30):
                    await process.wait()
                # Without its end the process would wait for the stream, which beats for ever.
                assert time.monotonic() - begun < 15
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert isinstance(stream, Stream)
