"""The backlog: what waits, how long it has, and what is parked."""

from consulta.kernel.actor import Actor
from consulta.platform.backlog import BACKLOG_QUERY, measure_backlog
from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs
from consulta.platform.metrics import BACKLOG, OLDEST
from tests.conftest import TestDatabase
from tests.platform.replicas import replica
from tests.world import World


async def test_what_waits_and_what_is_parked_is_counted(
    world: World, database: TestDatabase
) -> None:
    sarah, anna = await world.specialist(provider="manual"), await world.client("Anna")
    await anna.books(sarah, "mon 10:00")
    async with replica(database) as doors:
        assert await measured(doors) == {"outbox": 1}
        await world.superuser.execute(_WAITING)

        assert await measured(doors) == {
            "outbox": 2,
            "outbox parked": 1,
            "inbox": 1,
            "inbox parked": 1,
            "mail": 3,
            "webhooks": 1,
            "meetings": 1,
        }
        ages = {queue: OLDEST.labels(queue)._value.get() for queue in ("outbox", "mail")}
        assert 90 <= ages["outbox"] < 120
        assert 80 <= ages["mail"] < 110, "a letter about an account is the oldest"

        await world.superuser.execute(_LATER)
        assert "mail" not in await measured(doors), "what was is not remembered"


async def test_what_is_parked_is_found_by_its_own_index(
    world: World, database: TestDatabase
) -> None:
    """However much is settled, and however many were parked when the tables were last analysed."""
    await world.superuser.execute(_SETTLED)
    for what_the_planner_knows in (_ANALYSE, _ONCE_ALL_WERE_PARKED):
        await world.superuser.execute(what_the_planner_knows)
        async with replica(database) as doors, doors.read(Actor.system("backlog")) as work:
            plan = "\n".join(row[0] for row in await work.fetch(f"EXPLAIN {BACKLOG_QUERY}"))
        for index in ("ix_outbox_parked", "ix_webhook_events_parked"):
            assert index in plan, plan
        assert "Seq Scan on outbox" not in plan, plan
        assert "Seq Scan on webhook_events" not in plan, plan


_ANALYSE = "ANALYZE app.outbox, app.webhook_events"
_ONCE_ALL_WERE_PARKED = f"""
UPDATE app.outbox SET state = 'parked';
UPDATE app.webhook_events SET state = 'parked';
{_ANALYSE};
UPDATE app.outbox SET state = 'done';
UPDATE app.webhook_events SET state = 'done';
"""
_SETTLED = """
INSERT INTO app.outbox (topic, payload, state, settled_at)
SELECT 'thing.made', '{}', 'done', app.now() FROM generate_series(1, 5000);
INSERT INTO app.webhook_events (provider, event_id, kind, state)
SELECT 'sandbox', 'evt_' || n, 'x', 'done' FROM generate_series(1, 5000) n;
"""
_LATER = """
UPDATE app.notifications SET next_attempt_at = 'infinity';
UPDATE app.account_letters SET next_attempt_at = 'infinity';
"""
_WAITING = """
UPDATE app.outbox SET state = 'pending', created_at = app.now() - interval '90 s';
INSERT INTO app.outbox (topic, payload, state, created_at, settled_at)
VALUES ('thing.made', '{}', 'leased', app.now(), NULL),
       ('thing.made', '{}', 'parked', app.now() - interval '1 day', app.now()),
       ('thing.made', '{}', 'done', app.now() - interval '1 day', app.now());
INSERT INTO app.webhook_events (provider, event_id, kind, state)
VALUES ('sandbox', 'evt_1', 'x', 'received'), ('sandbox', 'evt_2', 'x', 'parked');
INSERT INTO app.notifications (recipient_id, kind, event_key, specialist_id, client_id, booking_id,
    next_attempt_at)
SELECT client_id, 'booking_booked', 'key ' || n, specialist_id, client_id, id,
       app.now() - interval '60 s' + (n - 1) * interval '50 s'
FROM app.bookings, generate_series(1, 4) n;
INSERT INTO app.account_letters (user_id, kind, next_attempt_at, state)
SELECT client_id, 'verify_email', app.now() - interval '80 s', 'pending' FROM app.bookings
UNION ALL SELECT client_id, 'reset_password', app.now() - interval '80 s', 'sent' FROM app.bookings
UNION ALL SELECT specialist_id, 'verify_email', app.now() + interval '80 s', 'pending'
FROM app.bookings;
INSERT INTO app.meetings (booking_id, specialist_id, client_id, starts_at, ends_at, parked_at)
SELECT id, specialist_id, client_id, starts_at, ends_at, NULL FROM app.bookings;
WITH endpoint AS (INSERT INTO app.webhook_endpoints (url) VALUES ('https://a.example') RETURNING id)
INSERT INTO app.webhook_deliveries (endpoint_id, event_id, topic, payload, occurred_at,
    next_attempt_at)
SELECT id, app.new_id(), 'booking.requested', '{}', app.now(), app.now() + n * interval '1 hour'
FROM endpoint, generate_series(0, 1) n;
"""


async def measured(doors: Database) -> dict[str, float]:
    """What of each queue waits, where anything does."""
    outcome = await Jobs(doors, [measure_backlog]).run_now("backlog.measure", triggered_by="cli")
    assert outcome.last_error is None
    queues = [sample.labels["queue"] for metric in BACKLOG.collect() for sample in metric.samples]
    waiting = {queue: BACKLOG.labels(queue)._value.get() for queue in queues}
    return {queue: count for queue, count in waiting.items() if count}
