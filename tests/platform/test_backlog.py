"""The backlog: what waits, how long it has, and what is parked."""

from consulta.platform.backlog import measure_backlog
from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs
from consulta.platform.metrics import BACKLOG, OLDEST
from tests.conftest import TestDatabase
from tests.platform.replicas import doors

__all__ = ["doors"]


async def test_what_waits_and_what_is_parked_is_counted(
    doors: Database, database: TestDatabase
) -> None:
    async with database.connected() as superuser:
        await superuser.execute(
            """
            INSERT INTO app.outbox (topic, payload, state, created_at)
            VALUES ('thing.made', '{}', 'pending', app.now() - interval '90 s'),
                   ('thing.made', '{}', 'leased', app.now()),
                   ('thing.made', '{}', 'parked', app.now() - interval '1 day'),
                   ('thing.made', '{}', 'done', app.now() - interval '1 day');
            INSERT INTO app.webhook_events (provider, event_id, kind, state)
            VALUES ('sandbox', 'evt_1', 'x', 'received'), ('sandbox', 'evt_2', 'x', 'parked');
            """
        )
    outcome = await Jobs(doors, [measure_backlog]).run_now("backlog.measure", triggered_by="cli")

    assert outcome.last_error is None
    waiting = {
        queue: BACKLOG.labels(queue)._value.get()
        for queue in ("outbox", "outbox parked", "inbox", "inbox parked")
    }
    assert waiting == {"outbox": 2, "outbox parked": 1, "inbox": 1, "inbox parked": 1}
    assert 90 <= OLDEST.labels("outbox")._value.get() < 120
