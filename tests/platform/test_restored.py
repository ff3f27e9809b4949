"""After a restore into another server: its transaction numbers are lower than those in the dump."""

import asyncio
from uuid import UUID

from consulta.main import create_app
from consulta.platform.db.doctor import Verdict, examine
from consulta.platform.db.restored import rebase_messages
from consulta.platform.outbox import Message, Outbox
from tests.conftest import TestDatabase
from tests.features.live.replicas import listening_replica
from tests.platform.replicas import replica
from tests.platform.test_doctor import settings_of
from tests.settings import settings_for
from tests.world import World

# As they stood in a server whose numbers are a million ahead: each from a transaction of its own.
_DUMPED = """
INSERT INTO app.outbox (xid, topic, payload, state, settled_at)
SELECT (pg_current_xact_id()::text::bigint + 1000000 + n)::text::xid8, 'booking.confirmed',
       jsonb_build_object('n', n, 'client_id', $1::uuid),
       CASE WHEN n = 1 THEN 'done' ELSE 'pending' END, CASE WHEN n = 1 THEN app.now() END
FROM generate_series(1, 5) n
"""
_TELL = """
INSERT INTO app.outbox (topic, payload)
VALUES ('booking.confirmed', jsonb_build_object('n', $1::int, 'client_id', $2::uuid))
"""


async def test_what_a_dump_brought_is_delivered_before_what_comes_later(
    world: World, database: TestDatabase
) -> None:
    anna = await world.client("Anna")
    heard: list[int] = []

    async def hear(message: Message) -> None:
        heard.append(message.payload["n"])

    async def drains_until(outbox: Outbox, count: int) -> None:
        async with asyncio.timeout(20):  # Other databases of the server may hold it back.
            while len(heard) < count:
                await outbox.drain()

    await world.superuser.execute(_DUMPED, anna.id)
    dumped = await world.value("SELECT max(xid::text || '-' || id) FROM app.outbox")
    await world.superuser.execute(_TELL, 6, anna.id)
    async with replica(database) as doors:
        outbox = Outbox(doors, {"booking.confirmed": hear})
        await drains_until(outbox, 1)
        assert heard == [6], "control: they stand still, and what came later overtakes them"
        told = [one for one in await _told(database) if "outbox" in one[1]]
        assert [(verdict, "5 messages" in sentence) for verdict, sentence in told] == [
            (Verdict.WARN, True)
        ]

        assert await rebase_messages(doors, batch=2) == 5, "two batches and a rest"
        assert await rebase_messages(doors, batch=2) == 0
        await world.superuser.execute(_TELL, 7, anna.id)
        await drains_until(outbox, 6)
        assert heard == [6, 2, 3, 4, 5, 7]
        assert (Verdict.OK, "the outbox is numbered by this server") in await _told(database)

    await world.superuser.execute(_DUMPED, anna.id)
    app = create_app(settings_for(database))
    async with app.router.lifespan_context(app):  # Whichever replica starts puts them right.
        assert app.state.refusals == []
        assert (Verdict.OK, "the outbox is numbered by this server") in await _told(database)
    async with listening_replica(database) as one, one.stream(anna, dumped) as stream:
        await world.superuser.execute(_TELL, 8, anna.id)
        await stream.until(lambda its: len(its.events) == 2)
        assert stream.events[0].name == "reset", "an id of the other server is no place here"
        assert UUID(stream.events[1].data["client_id"]) == anna.id


async def _told(database: TestDatabase) -> list[tuple[Verdict, str]]:
    report = await examine(settings_of(database))
    return [(check.verdict, check.sentence) for check in report.checks]
