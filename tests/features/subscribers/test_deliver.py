"""Facts reach the addresses that want to hear them: signed, once for each, tried until they arrive
or are given up.
"""

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from consulta.features.subscribers.flows import Courier
from consulta.platform.metrics import LAPSED
from tests.conftest import TestDatabase
from tests.receivers.listener import Listener, listening
from tests.world import Person, Specialist, World

OWN = "/specialists/me/webhook-endpoints"
ALL = "/admin/webhook-endpoints"


async def endpoint(person: Person, listener: Listener, path: str = OWN, **more: Any) -> Any:
    """An endpoint that posts to the listener; the answer with its secret."""
    reply = await person.post(path, {"url": listener.url, **more})
    assert reply.status == 201, reply.json
    return reply.json


async def post_all(world: World) -> None:
    """Facts have become deliveries, and those that were due have been tried."""
    await world.work_off("outbox.deliver", "subscribers.deliver")


async def settled(world: World, made: Any) -> list[tuple[Any, ...]]:
    rows = await world.rows(
        "SELECT topic, state, attempts, last_status, last_error FROM app.webhook_deliveries"
        " WHERE endpoint_id = $1 ORDER BY id",
        UUID(made["id"]),
    )
    return [tuple(row.values()) for row in rows]


def topics_of(listener: Listener) -> list[str]:
    return [one.json["type"] for one in listener.received]


async def test_a_booking_is_told_to_its_specialist_and_to_the_platform(world: World) -> None:
    sarah = await world.specialist(provider="manual")
    omar = await world.specialist("Omar", provider="manual")
    anna, ada = await world.client("Anna"), await world.admin()
    async with listening() as hers, listening() as picky, listening() as his, listening() as house:
        made = await endpoint(sarah, hers, description="Our own books")
        await endpoint(sarah, picky, topics=["booking.confirmed"])
        await endpoint(omar, his)
        platform = await endpoint(ada, house, ALL)

        booking = await anna.books(sarah, "mon 10:00")
        assert (await sarah.post(f"/bookings/{booking['id']}/confirm")).status == 200
        await post_all(world)
        await post_all(world)

        assert "booking.requested" in topics_of(hers)
        assert topics_of(picky) == ["booking.confirmed"]
        assert his.received == []
        assert sorted(topics_of(house)) == sorted(topics_of(hers))
        said = picky.received[0]
        assert said.json["data"] == {
            "booking_id": booking["id"],
            "specialist_id": str(sarah.id),
            "client_id": str(anna.id),
        }
        assert all(one.is_signed_with(made["secret"]) for one in hers.received)
        assert all(one.is_signed_with(platform["secret"]) for one in house.received)
        assert not any(one.is_signed_with(platform["secret"]) for one in hers.received)
        ids = [one.headers["webhook-id"] for one in hers.received]
        assert len(set(ids)) == len(ids)
        log = await sarah.sees(f"{OWN}/{made['id']}/deliveries?state=delivered")
        assert {one["event_id"] for one in log} == set(ids)
        assert {one["attempt_log"][0]["status"] for one in log} == {200}
    assert "secret" not in (await sarah.get(f"{OWN}/{made['id']}")).json
    for stranger, path in ((omar, OWN), (ada, ALL)):
        assert (await stranger.get(f"{path}/{made['id']}")).code == "WEBHOOK_ENDPOINT_NOT_FOUND"


async def test_what_fails_is_tried_again_until_it_is_given_up_and_can_be_replayed(
    world: World,
) -> None:
    sarah, anna = await world.specialist(provider="manual"), await world.client()
    asked = b"HTTP/1.1 503 Later\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n"
    moved = b"HTTP/1.1 301 Moved\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"
    async with listening(asked, moved, 500) as listener:
        made = await endpoint(sarah, listener, topics=["booking.requested"])
        await anna.books(sarah, "mon 10:00")
        await post_all(world)
        assert await settled(world, made) == [("booking.requested", "pending", 1, 503, "REFUSED")]
        await world.travel(minutes=40)
        await post_all(world)
        assert len(listener.received) == 1, "the receiver asked for an hour"
        for _ in range(12):
            await world.travel(hours=25)
            await post_all(world)

        assert len(listener.received) == 6, "five days of failures alone"
        assert len({one.headers["webhook-id"] for one in listener.received}) == 1
        assert len({one.body for one in listener.received}) == 1
        seen = (await sarah.get(f"{OWN}/{made['id']}")).json
        assert (seen["is_active"], seen["disabled_reason"]) == (False, "failing")
        await world.work_off("subscribers.sweep")
        assert (await settled(world, made))[0][1:] == ("parked", 6, 500, "ENDPOINT_DISABLED")
        assert await world.value(
            "SELECT payload->>'specialist_id' FROM app.outbox"
            " WHERE topic = 'webhook_endpoint.disabled'"
        ) == str(sarah.id)

        listener.answers = [200]
        log = await sarah.sees(f"{OWN}/{made['id']}/deliveries")
        one = f"{OWN}/{made['id']}/deliveries/{log[0]['id']}/replay"
        since = {"since": log[0]["occurred_at"]}
        assert (await sarah.post(one)).code == "WEBHOOK_ENDPOINT_INACTIVE"
        assert (await sarah.patch(f"{OWN}/{made['id']}", {"is_active": True})).status == 200
        assert (await sarah.post(f"{OWN}/{made['id']}/replay", since)).json == {"replayed": 1}
        assert (await sarah.post(one)).code == "WEBHOOK_DELIVERY_UNDER_WAY"
        await post_all(world)
        assert (await settled(world, made))[0][1:] == ("delivered", 1, 200, None)
        assert (await sarah.post(one)).status == 202
        await post_all(world)
        assert len(listener.received) == 8
        await world.travel(days=31)
        await world.work_off("subscribers.sweep")
        assert await settled(world, made) == []


async def test_after_ten_attempts_a_delivery_is_parked(world: World) -> None:
    sarah = await world.specialist()
    async with listening(500) as listener:
        made = await endpoint(sarah, listener)
        assert (await sarah.post(f"{OWN}/{made['id']}/test")).status == 202
        for _ in range(12):
            await post_all(world)
            await world.superuser.execute(
                "UPDATE app.webhook_deliveries SET next_attempt_at = app.now()"
                " WHERE state = 'pending'"
            )

        assert await settled(world, made) == [("webhook.test", "parked", 10, 500, "REFUSED")]
        assert len(listener.received) == 10


async def test_who_is_gone_is_never_asked_again_and_secrets_overlap(world: World) -> None:
    sarah = await world.specialist()
    async with listening() as listener, listening(410) as gone:
        made, ended = await endpoint(sarah, listener), await endpoint(sarah, gone)
        path = f"{OWN}/{made['id']}"
        new = (await sarah.post(f"{path}/secret/rotate", {})).json["secret"]
        for one in (made, ended):
            assert (await sarah.post(f"{OWN}/{one['id']}/test")).status == 202
        await post_all(world)
        await world.travel(hours=24, minutes=1)
        await sarah.post(f"{path}/test")
        newest = (await sarah.post(f"{path}/secret/rotate", {"overlap_hours": 0})).json["secret"]
        await post_all(world)

        first, second = listener.received
        assert first.is_signed_with(made["secret"])
        assert first.is_signed_with(new)
        assert second.is_signed_with(newest)
        assert not second.is_signed_with(new)
        assert len(gone.received) == 1
        assert await settled(world, ended) == [("webhook.test", "failed", 1, 410, "GONE")]
        assert (await sarah.post(f"{OWN}/{ended['id']}/test")).code == "WEBHOOK_ENDPOINT_INACTIVE"
        assert (await sarah.delete(path)).status == 204
        assert (await sarah.get(path)).status == 404
    kept = await world.rows("SELECT sealed FROM app.webhook_endpoint_secrets")
    assert len(kept) == 1
    assert not any(new.encode() in row["sealed"] for row in kept)


async def test_two_senders_post_once_and_a_slow_address_holds_up_nobody(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Omar")
    courier: Courier = world.app.state.courier
    second = Courier(courier.database, courier.vault, courier.outgoing)
    async with listening("slow") as slow, listening() as quick:
        await endpoint(sarah, slow)
        made = await endpoint(omar, quick)
        ids = await world.rows("SELECT id, specialist_id FROM app.webhook_endpoints")
        for row in ids:
            await world.superuser.execute(
                "INSERT INTO app.webhook_deliveries"
                " (endpoint_id, specialist_id, event_id, topic, payload, occurred_at)"
                " SELECT $1, $2, app.new_id(), 'webhook.test', '{}', now()"
                " FROM generate_series(1, 40)",
                row["id"],
                row["specialist_id"],
            )

        passes = [asyncio.create_task(one.deliver()) for one in (courier, second)]
        async with asyncio.timeout(5):
            while len(await settled_as(world, made, "delivered")) < 40:
                await asyncio.sleep(0.05)

        assert len({one.headers["webhook-id"] for one in quick.received}) == 40
        assert len(quick.received) == 40
        assert 1 <= slow.connections <= 8, "four of one address at a time, or nearly so"
        for one in passes:
            one.cancel()
        await asyncio.gather(*passes, return_exceptions=True)
        for task in (*courier._under_way, *second._under_way):
            task.cancel()


async def settled_as(world: World, made: Any, state: str) -> list[tuple[Any, ...]]:
    return [one for one in await settled(world, made) if one[1] == state]


async def test_a_lapsed_lease_writes_nothing(world: World) -> None:
    """Control of the fence: the first sender answers late, after another one has the delivery."""
    sarah = await world.specialist()
    async with listening(500, 200) as listener:
        made = await endpoint(sarah, listener)
        await sarah.post(f"{OWN}/{made['id']}/test")
        courier: Courier = world.app.state.courier
        [late] = await courier._claim(1)
        await world.travel(minutes=2)
        [other] = await courier._claim(1)
        assert (late.id, late.fence + 1) == (other.id, other.fence)
        lapsed = LAPSED.labels("webhooks")._value.get()
        with capture_logs() as logged:
            await courier._carry(late)
        # Nobody need look: this is how a delivery is saved from a sender that stopped.
        said = [(one["event"], one["log_level"]) for one in logged]
        assert said == [("came too late", "warning")]
        assert LAPSED.labels("webhooks")._value.get() == lapsed + 1
        assert await settled(world, made) == [("webhook.test", "leased", 2, None, None)]
        await courier._carry(other)
        assert await settled(world, made) == [("webhook.test", "delivered", 2, 200, None)]


async def test_forged_messages_are_posted_to_nobody(world: World, database: TestDatabase) -> None:
    sarah, anna = await world.specialist(provider="manual"), await world.client("Anna")
    ben = await world.client("Ben")
    async with listening() as listener:
        await endpoint(sarah, listener, topics=["booking.cancelled"])
        booking = await anna.books(sarah, "mon 10:00")
        forged = {"booking_id": booking["id"], "specialist_id": str(sarah.id)}
        async with database.connected("consulta_api") as wire:
            assert await adds(wire, ben, {**forged, "client_id": str(anna.id)}) == "42501"
            assert await adds(wire, ben, forged) == "42501"
            assert await adds(wire, ben, {}) == "42501"
            assert await adds(wire, ben, {"user_id": str(ben.id), **forged}) == "42501"
            assert await adds(wire, None, {"client_id": str(anna.id)}) == "42501"
            assert await adds(wire, None, {"user_id": str(anna.id)}) == "added"
            assert await adds(wire, ben, {"user_id": str(ben.id)}) == "added"
            assert await adds(wire, ben, {**forged, "client_id": str(ben.id)}) == "added"
            assert await adds(wire, sarah, {"specialist_id": str(sarah.id)}) == "added"

        await post_all(world)

        assert listener.received == []


async def adds(wire: asyncpg.Connection, person: Person | None, payload: dict[str, str]) -> str:
    """What the database says to a message that is added with SQL of one's own."""
    role, user = ("consulta_anonymous", "") if person is None else ("consulta_user", person.id)
    await wire.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=str, format="text"
    )
    transaction = wire.transaction()
    await transaction.start()
    try:
        await wire.execute(
            f"SELECT set_config('role', '{role}', true), set_config('app.user_id', '{user}', true)"
        )
        await wire.execute(
            "INSERT INTO app.outbox (topic, payload) VALUES ('booking.cancelled', $1)", payload
        )
    except asyncpg.PostgresError as error:
        await transaction.rollback()
        return str(error.sqlstate)
    await transaction.commit()
    return "added"


@pytest.mark.parametrize(
    "url",
    ["https://[::1]/", "https://10.0.0.1/", "http://169.254.169.254/latest", "https://a@b.c/"],
)
async def test_an_address_inside_is_refused_when_it_is_given(world: World, url: str) -> None:
    sarah: Specialist = await world.specialist()

    reply = await sarah.post(OWN, {"url": url})

    assert (reply.status, reply.code) == (422, "WEBHOOK_URL_REFUSED")


async def test_ten_endpoints_are_enough_and_a_key_makes_one(world: World) -> None:
    sarah = await world.specialist()
    async with listening() as listener:
        body = {"url": listener.url}
        first = await sarah.post(OWN, body, key="once")
        again = await sarah.post(OWN, body, key="once")
        assert (first.status, first.content) == (201, again.content)
        replies = await asyncio.gather(*(sarah.post(OWN, body) for _ in range(11)))
    assert sorted(reply.status for reply in replies) == [201] * 9 + [409] * 2
    assert len(await sarah.sees(OWN)) == 10
    assert (await sarah.post(OWN, {"url": first.json["url"], "topics": ["secret"]})).status == 422
