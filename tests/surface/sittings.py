"""Sessions of a town that are over, as the tables have them: nobody sits through them."""

import hashlib
from typing import Any
from uuid import UUID

from tests.settings import files_of
from tests.world import Client, Specialist, World

FILM = b"a film"

# Two completed sessions, of which the first has a review and two recordings: one that is ready, and
# one whose file was brought.
_SITTINGS = """
WITH span AS (
    INSERT INTO app.slots (id, specialist_id, rate_id, starts_at, ends_at, session_starts_at,
        session_ends_at, status, held_by)
    SELECT b, $1, $3, s, s + interval '30 minutes', s, s + interval '30 minutes', 'released', $2
    FROM (SELECT app.now() - interval '3 hours' AS s) past, unnest($4::uuid[]) b
    RETURNING id, starts_at, ends_at
), booking AS (
    INSERT INTO app.bookings (id, specialist_id, client_id, rate_id, slot_id, kind, status,
        starts_at, ends_at, price_minor, currency, policy, booked_by)
    SELECT id, $1, $2, $3, id, 'standard', 'completed', starts_at, ends_at, 0, 'USD', 'standard', $2
    FROM span
), film AS (
    INSERT INTO app.meeting_recordings (booking_id, specialist_id, client_id, number, status,
        storage_path, file_format, duration_seconds, storage_size_bytes, sha256,
        upload_expires_at, ready_at)
    SELECT ($4::uuid[])[1], $1, $2, n, CASE n WHEN 1 THEN 'ready' ELSE 'uploading' END,
           ($5::text[])[n], 'mp4', 60, $6, $7, app.now() + interval '1 hour',
           CASE n WHEN 1 THEN app.now() END
    FROM generate_series(1, 2) n RETURNING id, number
), review AS (
    INSERT INTO app.reviews (booking_id, specialist_id, client_id, rating)
    SELECT ($4::uuid[])[1], $1, $2, 5 RETURNING id
)
SELECT ($4::uuid[])[1] AS id, ($4::uuid[])[2] AS unreviewed, (SELECT id FROM review) AS review,
       (SELECT id FROM film WHERE number = 1) AS ready,
       (SELECT id FROM film WHERE number = 2) AS awaited
"""


def path_of(booking_id: UUID, *, number: int = 1) -> str:
    suffix = "" if number == 1 else f"-{number}"
    return f"sessions/2026-01/booking-{booking_id}{suffix}.mp4"


async def sat_through(world: World, sarah: Specialist, anna: Client) -> dict[str, Any]:
    """Ids: of the session itself, its `review`, its recordings that are `ready` and `awaited`, and
    of a session that is `unreviewed`.
    """
    bookings = [await world.value("SELECT app.new_id()") for _ in range(2)]
    paths = [path_of(bookings[0], number=number) for number in (1, 2)]
    # Triggers and keys look away: nobody could insert what is over already.
    await world.superuser.execute("SET session_replication_role = replica")
    row = await world.superuser.fetchrow(
        _SITTINGS,
        sarah.id,
        anna.id,
        sarah.rates["standard"],
        bookings,
        paths,
        len(FILM),
        hashlib.sha256(FILM).digest(),
    )
    await world.superuser.execute("RESET session_replication_role")
    assert row is not None
    for path in paths:
        file = files_of(world.database) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(FILM)
    return dict(row)
