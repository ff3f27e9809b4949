"""A series that fails stops nobody else: what is tried again, what rests, what is parked."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from structlog.testing import capture_logs

from consulta.features.recurring import jobs
from tests.features.recurring.dispatching import (
    WHOLE_WEEK,
    as_it_stands,
    dates,
    dispatched,
    reasons,
    series,
    utc,
)
from tests.world import Client, Specialist, World

NOW = "2027-01-04T02:00:00"
FRIDAY = "2027-01-08"

_MANY = """
INSERT INTO app.recurring_bookings (specialist_id, client_id, rate_id, frequency, start_date,
    local_time, anchor_day, payment_mode, next_booking_date, accepted_at, created_by)
SELECT $1, $2, $3, 'weekly', day, time '00:00' + n % 48 * interval '30 minutes', 8, 'manual', day,
       app.now(), $2
FROM (SELECT n, date '2027-01-05' + n / 48 % 7 AS day FROM generate_series(0, $4 - 1) n) q
RETURNING id
"""
_POISON = """
CREATE FUNCTION testing.is_poisoned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.recurring_booking_id = '{}' THEN
        RAISE EXCEPTION 'poison';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER is_poisoned BEFORE INSERT ON app.bookings
    FOR EACH ROW EXECUTE FUNCTION testing.is_poisoned();
"""
_ALL_POISON = """
CREATE FUNCTION testing.is_poisoned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'poison';
END
$$;
CREATE TRIGGER is_poisoned BEFORE INSERT ON app.bookings
    FOR EACH ROW EXECUTE FUNCTION testing.is_poisoned();
"""


def _failures(logs: Sequence[Any]) -> list[Any]:
    return [log for log in logs if log["log_level"] == "error"]


async def many(world: World, sarah: Specialist, anna: Client, count: int) -> list[UUID]:
    """So many weekly series of one specialist, at times of their own."""
    rows = await world.superuser.fetch(_MANY, sarah.id, anna.id, sarah.rates["standard"], count)
    return [row["id"] for row in rows]


async def test_without_a_rate_a_date_waits_and_is_booked_when_there_is_one(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY)
    other = await series(world, sarah, anna, FRIDAY, "11:00", kind="followup")
    switch = "UPDATE app.specialist_rates SET is_active = $1 WHERE kind = 'standard'"
    await world.superuser.execute(switch, False)

    run = await dispatched(world)

    assert await dates(world, made) == []
    assert await reasons(world, other) == ["booked"]
    assert (run["done_count"], run["failed_count"]) == (1, 1)
    assert json.loads(run["result"])["errors"] == [
        {"recurring_id": str(made), "error": "No rates found"}
    ]
    assert (await as_it_stands(world, made))["last_error"] == "No rates found"
    [entry] = await world.rows(
        "SELECT status, new_values FROM app.audit_logs"
        " WHERE action = 'recurring_bookings_dispatched'"
    )
    assert entry["status"] == "success_with_errors"
    assert json.loads(entry["new_values"]) == {"dispatched": 1, "errors": 1}

    await world.superuser.execute(switch, True)
    await dispatched(world, "2027-01-05T02:00:00")

    assert await reasons(world, made) == ["booked"]
    stands = await as_it_stands(world, made)
    assert (stands["last_error"], stands["failed_attempts"]) == (None, 0)


async def test_without_a_rate_until_the_date_has_passed_it_is_skipped(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY)
    await world.superuser.execute("UPDATE app.specialist_rates SET is_active = false")

    await dispatched(world)
    await dispatched(world, "2027-01-08T02:00:00")
    assert await dates(world, made) == []
    await dispatched(world, "2027-01-09T02:00:00")

    assert await dates(world, made) == [(FRIDAY, "no_rate")]
    assert str((await as_it_stands(world, made))["next_booking_date"]) == "2027-01-15"


async def test_one_poisoned_series_among_five_hundred(world: World) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    await world.stop_clock(utc(NOW))
    healthy = await many(world, sarah, anna, 336)
    clara = await world.specialist("Dr. Clara", open=WHOLE_WEEK)
    healthy += await many(world, clara, anna, 164)
    poisoned = healthy.pop(250)
    await world.superuser.execute(_POISON.format(poisoned))

    with capture_logs() as logs:
        run = await dispatched(world)

    assert (run["done_count"], run["failed_count"]) == (499, 1)
    assert await world.value(
        "SELECT count(DISTINCT recurring_booking_id) FROM app.bookings"
    ) == len(healthy)
    assert await dates(world, poisoned) == []
    rests = await as_it_stands(world, poisoned)
    assert (rests["failed_attempts"], rests["last_error"]) == (1, "RaiseError")
    assert rests["next_attempt_at"] == utc(NOW) + timedelta(minutes=5)
    assert [log["series"] for log in _failures(logs)] == [poisoned]

    for tries, minutes in ((2, 20), (3, 80), (4, 320)):
        at = rests["next_attempt_at"]
        await dispatched(world, at - timedelta(seconds=1))
        assert (await as_it_stands(world, poisoned))["failed_attempts"] == tries - 1
        with capture_logs() as logs:
            await dispatched(world, at)
        assert [log["event"] for log in _failures(logs)] == ["failed"]
        rests = await as_it_stands(world, poisoned)
        assert rests["failed_attempts"] == tries
        assert rests["next_attempt_at"] == at + timedelta(minutes=minutes)
    with capture_logs() as logs:
        await dispatched(world, rests["next_attempt_at"])

    assert [log["event"] for log in _failures(logs)] == ["failed", "a series is parked"]
    assert await world.value(
        "SELECT next_attempt_at = 'infinity' FROM app.recurring_bookings WHERE id = $1", poisoned
    )
    assert (
        await world.value("SELECT subject_id FROM app.audit_logs WHERE action = 'series.parked'")
        == poisoned
    )
    again = await dispatched(world, utc(NOW) + timedelta(days=30))
    assert again["failed_count"] == 0


async def test_a_fault_of_the_house_parks_nobody(world: World) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    await world.stop_clock(utc(NOW))
    await many(world, sarah, anna, 250)
    await world.superuser.execute(_ALL_POISON)

    with capture_logs() as logs:
        run = await dispatched(world)

    assert run["state"] == "failed"
    assert len(_failures(logs)) <= jobs.MOST_FAILURES + jobs.LANES + 1
    tried = await world.value(
        "SELECT count(*) FROM app.recurring_bookings WHERE failed_attempts > 0"
    )
    assert jobs.MOST_FAILURES <= tried <= jobs.MOST_FAILURES + jobs.LANES
    await world.superuser.execute("DROP TRIGGER is_poisoned ON app.bookings")
    await dispatched(world, utc(NOW) + timedelta(hours=1))
    assert await world.value("SELECT count(*) FROM app.bookings") == 250


async def test_a_calendar_that_stays_locked_is_left_for_the_next_run(world: World) -> None:
    sarah, clara = await world.specialist(), await world.specialist("Dr. Clara")
    anna = await world.client()
    await world.stop_clock(utc(NOW))
    locked = await series(world, sarah, anna, FRIDAY)
    free = await series(world, clara, anna, FRIDAY)
    async with world.database.connected() as somebody, somebody.transaction():
        await somebody.execute(
            "SELECT FROM app.calendars WHERE specialist_id = $1 FOR UPDATE", sarah.id
        )
        run = await dispatched(world)
    assert run["state"] == "done"
    assert await dates(world, locked) == []
    assert await reasons(world, free) == ["booked"]

    await dispatched(world, utc(NOW) + timedelta(hours=1))

    assert await reasons(world, locked) == ["booked"]


async def test_a_batch_that_meets_a_lock_elsewhere_is_tried_again_in_the_run(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY)
    await world.superuser.execute(
        f"ALTER ROLE consulta_worker IN DATABASE {world.database.name} SET lock_timeout = '50ms'"
    )
    await world.app.state.database.engines.worker.dispose()
    async with world.database.connected() as somebody, somebody.transaction():
        await somebody.execute("SELECT FROM app.users WHERE id = $1 FOR UPDATE", anna.id)
        run = await dispatched(world)
        assert run["state"] == "done"
        stands = await as_it_stands(world, made)
        assert (stands["failed_attempts"], await dates(world, made)) == (0, [])

    await dispatched(world, utc(NOW) + timedelta(hours=1))

    assert await reasons(world, made) == ["booked"]
