"""How far a booking looks: at its own calendar, however many spans others hold."""

from datetime import timedelta

from tests.world import World

OTHERS = 400

_CLAIMS = """
INSERT INTO app.slots (specialist_id, starts_at, ends_at, session_starts_at, session_ends_at,
                       status, held_until, held_by)
SELECT $1, t, t + interval '30 minutes', t, t + interval '30 minutes', $5,
       app.now() + interval '1 day', $3
FROM generate_series(1, $4) n, LATERAL (SELECT $2::timestamptz + n * interval '1 hour' AS t) one
"""

_BOOK = "SELECT app.book($1, $2, $3, NULL, NULL, NULL, '{}', 30, 30)"

_READ = """
SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
FROM pg_stat_xact_user_tables WHERE relid = 'app.slots'::regclass
"""


async def test_a_booking_reads_no_holds_of_other_calendars(world: World) -> None:
    sarah, other, anna = (
        await world.specialist(),
        await world.specialist("Ben"),
        await world.client(),
    )
    # The statistics are of yesterday, when nothing was held: an index of what is held looks free.
    ahead = sarah.at("mon 10:00") + timedelta(days=400)
    await world.superuser.execute(_CLAIMS, other.id, ahead, anna.id, 5 * OTHERS, "booked")
    await world.superuser.execute("ANALYZE app.slots")
    await world.superuser.execute(
        _CLAIMS, other.id, ahead + timedelta(days=100), anna.id, OTHERS, "held"
    )

    async with world.database.connected("consulta_api") as connection:
        # A table this small would be read whole anyway; the question is which index serves.
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        async with connection.transaction():
            await connection.execute(
                "SELECT set_config('role', 'consulta_user', true),"
                f" set_config('app.user_id', '{anna.id}', true)"
            )
            await connection.fetchval(
                _BOOK, sarah.id, sarah.rates["standard"], sarah.at("mon 10:00")
            )
            rows_read = await connection.fetchval(_READ)
    assert rows_read < OTHERS / 10
