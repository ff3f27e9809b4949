"""Messages that somebody made up, with SQL of the own: they move nothing, and stop nobody."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from consulta.kernel.actor import Actor, Role
from consulta.platform.outbox import Message, Outbox
from consulta.wiring import LISTENING
from tests.platform.replicas import replica
from tests.world import World

_ROWS = """
SELECT (SELECT count(*) FROM app.notifications) AS notifications,
       (SELECT count(*) FROM app.webhook_deliveries) AS deliveries,
       (SELECT count(*) FROM app.meetings) AS meetings
"""
_IDS = (
    *("booking_id", "client_id", "specialist_id", "series_id", "purchase_id", "payment_id"),
    *("config_id", "note_id", "recording_id", "review_id", "local_date"),
)


async def test_no_listener_stumbles_over_what_a_message_claims(world: World) -> None:
    await world.superuser.execute(
        "INSERT INTO app.webhook_endpoints (url) VALUES ('https://example.com/')"
    )
    oddities: tuple[object, ...] = (
        7,
        1.5,
        None,
        True,
        "",
        "'; --",
        "\x00",
        "2027-13-45",
        [],
        {},
        [str(uuid4())],
    )
    payloads = [dict.fromkeys(_IDS, odd) for odd in oddities]
    payloads += [{}, {name: str(uuid4()) for name in _IDS}, {"booking_id": str(uuid4())}]
    before = await world.rows(_ROWS)
    for hears in LISTENING:
        for topic, listen in hears.items():
            async with world.app.state.database.work(Actor.system("outbox")) as work:
                for payload in payloads:
                    await listen(work, Message(uuid4(), topic, payload, 1, 1, datetime.now(UTC)))
    assert await world.rows(_ROWS) == before


_UNREADABLE = (
    "[]", '"text"', "7", "null", '["client_id"]',
    '{"client_id": "%s", "n": 1e400}',
    '{"client_id": "%s", "n": -1e400}',
    '{"client_id": "%s", "n": ' + "[" * 600 + "]" * 600 + "}",
    '{"client_id": "%s", "n": {"n": 1e400}}',
    '{"client_id": "%s", "n": "' + "n" * 2_000 + '"}',
)  # fmt: skip


async def test_what_the_reader_cannot_read_is_not_taken_in(world: World) -> None:
    anna = await world.client("Anna")
    database, heard = world.app.state.database, list[UUID]()

    async def hear(message: Message) -> None:
        heard.append(message.id)

    async def say(actor: Actor, payload: str) -> None:
        async with database.work(actor) as work:
            await work.execute(
                "INSERT INTO app.outbox (topic, payload) VALUES ('booking.confirmed', $1)",
                payload.encode(),
            )

    nobody, she = Actor.anonymous(), Actor(Role.CLIENT, anna.id)
    for text in _UNREADABLE:
        for actor in (nobody, she):
            named = "client_id" if actor is she else "user"
            payload = text.replace("%s", str(anna.id)).replace("client_id", named)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await say(actor, payload)
    await say(nobody, '{"revision": 3, "at": null, "is_so": true}')
    await say(she, json.dumps({"client_id": str(anna.id), "revision": 3}))

    async with replica(world.database) as doors:
        outbox = Outbox(doors, {"booking.confirmed": hear})
        while len(heard) < 2:
            await outbox.drain()
        # Control: one of them would stop what is everybody's.
        await world.superuser.execute(
            "INSERT INTO app.outbox (topic, payload) VALUES ('booking.confirmed', '{\"n\": 1e400}')"
        )
        with pytest.raises(orjson.JSONDecodeError):
            while True:
                await outbox.drain()
