"""Several dispatchers at once, people who book or change a series meanwhile, and processes that are
killed: every date is decided once, and nobody is sent away for it.
"""

import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consulta.platform.db.roles import DbRole
from consulta.platform.db.work import Database
from tests.conftest import TestDatabase
from tests.features.recurring.dispatcher import run_dispatcher
from tests.features.recurring.dispatching import WHOLE_WEEK, utc
from tests.platform.replicas import replica
from tests.world import Client, Reply, Specialist, World, running_world

NOW = utc("2027-01-04T02:00:00")
ROOT = Path(__file__).parents[3]
_Said = tuple[int, str | None]
"""Status and code of a reply."""

# Of each specialist eight series a day, every two hours, beginning tomorrow.
_SERIES = """
INSERT INTO app.recurring_bookings (specialist_id, client_id, rate_id, frequency, start_date,
    local_time, anchor_day, payment_mode, next_booking_date, accepted_at, created_by)
SELECT r.specialist_id, $1, r.id, 'weekly', day.day, time '00:00' + n % 8 * interval '2 hours', 5,
       'manual', day.day, app.now(), $1
FROM app.specialist_rates r, generate_series(0, $2 - 1) n,
     LATERAL (SELECT date '2027-01-05' + n / 8 AS day) day
WHERE r.kind = 'standard'
"""
_LEDGER = """
SELECT (SELECT count(*) FROM app.recurring_booking_occurrences) AS occurrences,
       (SELECT count(DISTINCT (recurring_booking_id, local_date))
        FROM app.recurring_booking_occurrences WHERE outcome = 'booked') AS booked,
       (SELECT count(*) FROM app.bookings WHERE recurring_booking_id IS NOT NULL) AS bookings,
       (SELECT count(*) FROM app.slots s JOIN app.bookings b ON b.slot_id = s.id
        WHERE s.status = 'booked' AND b.recurring_booking_id IS NOT NULL) AS slots,
       (SELECT count(*) FROM app.booking_status_history) AS steps,
       (SELECT count(*) FROM app.payments) AS payments,
       (SELECT count(*) FROM app.outbox WHERE topic = 'booking.requested') AS messages,
       (SELECT count(*) FROM app.audit_logs WHERE action = 'booking.requested') AS entries
"""


async def prepared(world: World, *, specialists: int, each: int) -> tuple[Client, list[Specialist]]:
    """One client of so many specialists, with so many due series each, at times of their own."""
    anna = await world.client()
    made = [
        await world.specialist(f"Dr. {number}", open=WHOLE_WEEK, provider="manual")
        for number in range(specialists)
    ]
    await world.stop_clock(NOW)
    await world.superuser.execute(_SERIES, anna.id, each)
    await world.superuser.execute("ANALYZE")
    return anna, made


async def ledger(world: World) -> dict[str, Any]:
    [row] = await world.rows(_LEDGER)
    return row


def all_are(count: int) -> dict[str, int]:
    names = ("occurrences", "booked", "bookings", "slots", "steps", "payments", "messages")
    return dict.fromkeys((*names, "entries"), count)


@asynccontextmanager
async def replicas(database: TestDatabase, count: int) -> AsyncIterator[list[Database]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(replica(database, size=3)) for _ in range(count)]


async def test_five_dispatchers_at_once_decide_every_date_once(world: World) -> None:
    await prepared(world, specialists=25, each=40)

    async with replicas(world.database, 5) as five:
        runs = await asyncio.gather(*(run_dispatcher(one) for one in five))

    assert await ledger(world) == all_are(1_000)
    assert sum(run.counts.done for run in runs) == 1_000
    assert sum(run.counts.failed for run in runs) == 0


async def test_five_processes_at_once_decide_every_date_once(world: World) -> None:
    await prepared(world, specialists=25, each=40)

    await asyncio.gather(*(runs_to_its_end(world) for _ in range(5)))

    assert await ledger(world) == all_are(1_000)


async def test_control_without_locks_and_keys_dates_are_doubled(world: World) -> None:
    await prepared(world, specialists=25, each=40)
    [source] = await world.rows(
        "SELECT pg_get_functiondef(oid) AS text FROM pg_proc WHERE proname = 'plan_dispatch'"
    )
    unlocked = source["text"].replace("FOR UPDATE SKIP LOCKED", "").replace("FOR UPDATE", "")
    assert unlocked != source["text"]
    await world.superuser.execute(unlocked)
    await world.superuser.execute(
        """
        ALTER TABLE app.recurring_booking_occurrences
            DROP CONSTRAINT uq_recurring_booking_occurrences_date;
        ALTER TABLE app.slots DROP CONSTRAINT slots_no_overlap_excl;
        """
    )

    async with replicas(world.database, 5) as five:
        await asyncio.gather(*(run_dispatcher(one) for one in five))

    assert (await ledger(world))["bookings"] > 1_000


async def test_killed_within_a_batch_nothing_of_it_has_happened(world: World) -> None:
    await prepared(world, specialists=4, each=50)
    async with world.database.connected() as somebody:
        async with somebody.transaction():
            # The batch meets this lock when its claims and half of its bookings are written.
            await somebody.execute("SELECT FROM app.users WHERE role = 'client' FOR UPDATE")
            with dispatcher_process(world) as process:
                await _until(world, "wait_event_type = 'Lock' AND query LIKE '%dispatch_series%'")
                process.kill()
        await _until_gone(world)
    assert await ledger(world) == all_are(0)
    assert await world.value("SELECT count(*) FROM app.slots") == 0

    await runs_to_its_end(world)

    assert await ledger(world) == all_are(200)


async def test_killed_again_and_again_nothing_is_lost_or_doubled(world: World) -> None:
    await prepared(world, specialists=100, each=40)
    chance = random.Random(5)
    killed = 0
    for _ in range(8):
        with dispatcher_process(world) as process:
            assert process.stdout is not None
            await asyncio.to_thread(process.stdout.readline)
            await asyncio.sleep(chance.uniform(0.05, 1.2))
            killed += process.poll() is None
            process.kill()
    await _until_gone(world)

    await runs_to_its_end(world)

    assert killed >= 2
    assert await ledger(world) == all_are(4_000)


async def test_who_books_meanwhile_is_served(database: TestDatabase) -> None:
    async with running_world(database) as world:
        free, contested = await _booked_meanwhile(world)

        assert {status for status, _ in free + contested} <= {201, 409}, Counter(free + contested)
        assert [status for status, _ in free] == [201] * len(free)
        assert {code for status, code in contested if status == 409} <= {"SLOT_TAKEN"}
        won = sum(status == 201 for status, _ in contested)
        taken = await world.value(
            "SELECT count(*) FROM app.recurring_booking_occurrences WHERE reason = 'taken'"
        )
        # Each contested time has one owner: the person, or the series.
        assert taken == won
        assert await world.value("SELECT count(*) FROM app.recurring_booking_occurrences") == 1_000


async def test_control_behind_a_batch_without_bounds_people_are_refused(
    database: TestDatabase,
) -> None:
    async with database.connected() as office:
        # Patience and the batch that exceeds it, both a fifth as long as they would be.
        await office.execute(
            f"ALTER ROLE {DbRole.API} IN DATABASE {database.name} SET lock_timeout = '400ms'"
        )
    async with running_world(database) as world:
        [source] = await world.rows(
            "SELECT pg_get_functiondef(oid) AS text FROM pg_proc WHERE proname = 'dispatch_report'"
        )
        slow = source["text"].replace("BEGIN", "BEGIN PERFORM pg_sleep(1.5);", 1)
        assert slow != source["text"]
        await world.superuser.execute(slow)

        free, _ = await _booked_meanwhile(world)

        assert {status for status, _ in free} == {201, 503}, Counter(free)


async def _booked_meanwhile(world: World) -> tuple[list[_Said], list[_Said]]:
    """Twenty people book while a thousand dates of the same calendars are dispatched: what was
    said to them at times that are free, and at times that a series wants as well.
    """
    _, sarahs = await prepared(world, specialists=20, each=50)
    people = [await world.client(f"Client {number}") for number in range(20)]
    free = [
        (one, sarah, NOW + timedelta(days=day, hours=hour))
        for one, sarah in zip(people, sarahs, strict=True)
        for day, hour in ((2, 17), (3, 19), (4, 19))
    ]
    contested = [
        (one, sarah, NOW.replace(hour=0) + timedelta(days=day, hours=hour))
        for one, sarah in zip(people, sarahs, strict=True)
        for day, hour in ((1, 2), (3, 6), (5, 14))
    ]

    dispatching = asyncio.create_task(_dispatch(world))
    replies = await asyncio.gather(
        *(_books(*wanted, after=0.01 * n) for n, wanted in enumerate(free + contested))
    )
    await dispatching
    return replies[: len(free)], replies[len(free) :]


async def test_a_series_that_changes_meanwhile_is_wholly_old_or_new(world: World) -> None:
    anna, sarahs = await prepared(world, specialists=20, each=10)
    followups = {sarah.id: sarah.rates["followup"] for sarah in sarahs}
    before = {
        row["id"]: row
        for row in await world.rows("SELECT id, rate_id, local_time FROM app.recurring_bookings")
    }
    rows = await world.rows("SELECT id, specialist_id FROM app.recurring_bookings ORDER BY id")

    lines = asyncio.Semaphore(8)

    async def changes(row: dict[str, Any]) -> Reply:
        wish = {"rate_id": str(followups[row["specialist_id"]]), "local_time": "23:00"}
        async with lines:
            return await anna.patch(f"/recurring-bookings/{row['id']}", wish)

    dispatching = asyncio.create_task(_dispatch(world))
    replies = await asyncio.gather(*(changes(row) for row in rows))
    await dispatching

    assert {reply.status for reply in replies} == {200}, [reply.json for reply in replies[:3]]
    booked = await world.rows(
        "SELECT o.series_revision, b.rate_id, b.price_minor, b.specialist_id, b.starts_at,"
        " o.starts_at AS said, o.recurring_booking_id AS series"
        " FROM app.recurring_booking_occurrences o JOIN app.bookings b ON b.id = o.booking_id"
    )
    assert {row["series_revision"] for row in booked} <= {0, 1}
    for row in booked:
        assert row["said"] == row["starts_at"]
        old = before[row["series"]]
        if row["series_revision"]:
            wanted = (followups[row["specialist_id"]], 15_000, 23)
        else:
            wanted = (old["rate_id"], 20_000, old["local_time"].hour)
        assert (row["rate_id"], row["price_minor"], row["starts_at"].hour) == wanted
    decided = await world.value("SELECT count(*) FROM app.recurring_booking_occurrences")
    assert decided == len(rows)


async def _dispatch(world: World) -> None:
    await world.app.state.jobs.run_now("recurring.dispatch", triggered_by="test")


async def _books(one: Client, sarah: Specialist, when: Any, *, after: float) -> _Said:
    await asyncio.sleep(after)
    reply = await one.post("/bookings", sarah.booking(when))
    return reply.status, reply.code


def dispatcher_process(world: World) -> subprocess.Popen[str]:
    command: Sequence[str] = (
        *(sys.executable, "-m", "tests.features.recurring.dispatcher"),
        world.database.dsn(DbRole.WORKER),
    )
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def runs_to_its_end(world: World) -> None:
    with dispatcher_process(world) as process:
        said, _ = await asyncio.to_thread(process.communicate, timeout=120)
    assert (process.returncode, said.splitlines()[-1]) == (0, "done")


async def _until(world: World, condition: str) -> None:
    for _ in range(1_000):
        if await world.value(
            "SELECT count(*) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND {condition}"
        ):
            return
        await asyncio.sleep(0.02)
    pytest.fail("that never came")


async def _until_gone(world: World) -> None:
    """Every backend that served a killed dispatcher has noticed."""
    for _ in range(1_000):
        if not await world.value(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'dispatcher'"
        ):
            return
        await asyncio.sleep(0.02)
    pytest.fail("a backend stays")
