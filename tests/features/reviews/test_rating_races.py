"""Fifty reviews at one moment: the rating is their exact sum. Without the lock it is not."""

import asyncio
import re
from pathlib import Path

import asyncpg

from tests.conftest import TestDatabase
from tests.world import World

FUNCTION = Path(__file__).parents[3] / "alembic/functions/definer/reviews.sql"
LOCK = "    PERFORM 1 FROM app.specialists s WHERE s.id = NEW.specialist_id FOR NO KEY UPDATE;\n"
CROWD = 50

_SESSIONS = """
WITH people AS (
    INSERT INTO app.users (email, role)
    SELECT 'c' || n || '@crowd.example', 'client' FROM generate_series(1, $2) n RETURNING id
), spans AS (
    INSERT INTO app.slots (specialist_id, rate_id, starts_at, ends_at, session_starts_at,
        session_ends_at, status, held_by)
    SELECT $1, $3, s, s + interval '30 minutes', s, s + interval '30 minutes', 'booked', p.id
    FROM (SELECT id, app.now() + row_number() OVER (ORDER BY id) * interval '1 hour' AS s
          FROM people) p
    RETURNING id, held_by, starts_at, ends_at
)
INSERT INTO app.bookings (specialist_id, client_id, rate_id, slot_id, kind, status, starts_at,
    ends_at, price_minor, currency, policy, booked_by)
SELECT $1, held_by, $3, id, 'standard', 'confirmed', starts_at, ends_at, 0, 'USD', 'standard',
       held_by
FROM spans RETURNING id, client_id
"""

# As the worker does a day after each session.
_HELD = """
BEGIN; SELECT set_config('role', 'consulta_worker', true);
UPDATE app.bookings SET status = 'completed' WHERE status = 'confirmed'; COMMIT
"""


async def crowd_reviews(world: World, database: TestDatabase) -> tuple[float, int, float]:
    """Everybody reviews one specialist at once: average and count as stored, and the average as
    it is."""
    sarah = await world.specialist(price=0, auto_confirm=True)
    rows = await world.rows(_SESSIONS, sarah.id, CROWD, sarah.rates["standard"])
    await world.superuser.execute(_HELD)
    pool = await asyncpg.create_pool(database.dsn("consulta_api"), min_size=25, max_size=25)
    async with pool:

        async def review(number: int) -> None:
            row = rows[number]
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("SET LOCAL ROLE consulta_user")
                await connection.execute(
                    "SELECT set_config('app.user_id', $1, true)", str(row["client_id"])
                )
                await connection.execute(
                    "SELECT app.post_review($1, $2, NULL, false)", row["id"], number % 5 + 1
                )

        await asyncio.gather(*(review(number) for number in range(CROWD)))
    page = (
        await world.rows(
            "SELECT rating_average::float AS average, rating_count AS count"
            " FROM app.specialists WHERE id = $1",
            sarah.id,
        )
    )[0]
    true = await world.value("SELECT round(avg(rating), 2)::float FROM app.reviews")
    return page["average"], page["count"], true


async def test_fifty_reviews_at_once_are_counted_exactly(
    world: World, database: TestDatabase
) -> None:
    average, count, true = await crowd_reviews(world, database)
    assert (count, average) == (CROWD, true)
    assert await world.value(
        "SELECT deadlocks = 0 FROM pg_stat_database WHERE datname = current_database()"
    )


async def test_the_control_without_the_lock_miscounts(world: World, database: TestDatabase) -> None:
    """A statement that waits for another's row re-reads that row, and not what it had counted."""
    text = FUNCTION.read_text("utf-8")
    found = re.search(r"CREATE FUNCTION app\.refresh_rating.*?\n\$\$;", text, re.DOTALL)
    assert found is not None
    assert LOCK in found.group()
    without = found.group().replace(LOCK, "").replace("CREATE", "CREATE OR REPLACE", 1)
    await world.superuser.execute(without)
    for _ in range(5):
        _, count, _ = await crowd_reviews(world, database)
        if count != CROWD:
            return
        await world.superuser.execute("TRUNCATE app.reviews")
    raise AssertionError("the test of the race cannot fail")
