"""Every select of session notes, named for what it returns. Contents come sealed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work

Position = tuple[datetime, UUID]
"""A place in a list whose newest come first."""
As = Literal["client", "specialist"]

_HEAD = """n.id, n.booking_id, n.specialist_id, n.client_id, n.revision, n.editable_until,
       n.created_at, n.updated_at, app.now() AS now"""
_NOTE = f"""
SELECT {_HEAD}, n.key_id, n.wrapped_key, n.sealed,
       (SELECT count(*) FROM app.session_note_amendments a WHERE a.note_id = n.id)
           AS amendments_count
FROM app.session_notes n
"""
_LAST = "ORDER BY n.created_at DESC, n.id DESC"
_AFTER = "($2::timestamptz IS NULL OR (n.created_at, n.id) < ($2, $3::uuid))"

# Nobody is the client of the own session, so no note comes twice; each half has its index.
_MINE = f"""
SELECT * FROM (
    ({_NOTE} WHERE n.specialist_id = $1 AND $5 AND {_AFTER} {_LAST} LIMIT $4)
    UNION ALL
    ({_NOTE} WHERE n.client_id = $1 AND $6 AND {_AFTER} {_LAST} LIMIT $4)
) n {_LAST} LIMIT $4
"""
_HEADS = f"""
SELECT {_HEAD} FROM app.session_notes n
WHERE ($1::uuid IS NULL OR n.booking_id = $1) AND {_AFTER}
  AND ($4::uuid IS NULL OR n.specialist_id = $4) AND ($5::uuid IS NULL OR n.client_id = $5)
{_LAST} LIMIT $6
"""


async def session(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """The parties of a booking, for its parties."""
    return await work.fetchrow(
        "SELECT b.id AS booking_id, b.specialist_id, b.client_id FROM app.bookings b"
        " WHERE b.id = $1",
        booking_id,
    )


async def notes_of(work: Work, booking_id: UUID) -> Sequence[asyncpg.Record]:
    """The notes of a booking, the oldest first; there are few."""
    return await work.fetch(
        f"{_NOTE} WHERE n.booking_id = $1 ORDER BY n.created_at, n.id LIMIT 100", booking_id
    )


async def note(work: Work, *, booking_id: UUID, note_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(
        f"{_NOTE} WHERE n.id = $1 AND n.booking_id = $2", note_id, booking_id
    )


async def note_for_update(work: Work, *, booking_id: UUID, note_id: UUID) -> asyncpg.Record | None:
    """The same, locked; for its author alone."""
    await work.execute(
        "SELECT 1 FROM app.session_notes n WHERE n.id = $1 FOR NO KEY UPDATE", note_id
    )
    return await note(work, booking_id=booking_id, note_id=note_id)


async def amendments_of(work: Work, note_ids: Sequence[UUID]) -> Sequence[asyncpg.Record]:
    """What was appended to these notes, the oldest first; to each at most 50."""
    return await work.fetch(
        "SELECT * FROM app.session_note_amendments a WHERE a.note_id = ANY ($1)"
        " ORDER BY a.created_at, a.id",
        list(note_ids),
    )


async def notes_of_person(
    work: Work, *, role: As | None, after: Position | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Notes that the reader wrote or that are about the reader's own sessions, the newest first,
    one more than `limit` where there are more.
    """
    at, last = after or (None, None)
    return await work.fetch(
        _MINE, work.person, at, last, limit + 1, role != "client", role != "specialist"
    )


async def note_heads(
    work: Work,
    *,
    booking_id: UUID | None,
    specialist_id: UUID | None,
    client_id: UUID | None,
    after: Position | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """That there are notes, the newest first, one more than `limit` where there are more."""
    at, last = after or (None, None)
    return await work.fetch(_HEADS, booking_id, at, last, specialist_id, client_id, limit + 1)
