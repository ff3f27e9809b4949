"""Every select of meetings, named for what it returns."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work

_SEEN = """
SELECT b.id AS booking_id, b.specialist_id, b.client_id, b.status, b.starts_at, b.ends_at,
       m.id AS meeting_id, m.provider, m.state, m.last_error, m.updated_at, app.now() AS now
FROM app.bookings b
LEFT JOIN app.meetings m ON m.booking_id = b.id
WHERE b.id = $1
"""

# The meeting's own row says for which span it is to be; only the booking knows the true one.
_LEASED = """
SELECT m.id, m.booking_id, m.specialist_id, m.client_id, m.config_id, m.starts_at, m.ends_at,
       m.is_wanted, m.wanted_revision, m.generation, m.external_id, m.first_sent_at, m.attempts,
       m.fence, app.now() AS now
FROM app.meetings m WHERE m.id = ANY ($1) ORDER BY m.next_attempt_at, m.id
"""


async def meeting_of(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """A booking and, where there is one, its meeting, as far as the reader may see them."""
    return await work.fetchrow(_SEEN, booking_id)


async def meeting_for_update(work: Work, booking_id: UUID) -> UUID | None:
    """The booking's meeting, locked until the end of the transaction. For the worker."""
    found: UUID | None = await work.fetchval(
        "SELECT m.id FROM app.meetings m WHERE m.booking_id = $1 FOR UPDATE", booking_id
    )
    return found


async def leased_meetings(work: Work, meeting_ids: Sequence[UUID]) -> Sequence[asyncpg.Record]:
    """What the worker has leased, with all that it needs to know."""
    return await work.fetch(_LEASED, list(meeting_ids))


async def sealed_link(work: Work, meeting_id: UUID) -> asyncpg.Record | None:
    """How the meeting is joined, sealed, for the worker, who alone may read it."""
    return await work.fetchrow(
        "SELECT l.meeting_id, l.specialist_id, l.client_id, l.key_id, l.wrapped_key, l.sealed"
        " FROM app.meeting_links l WHERE l.meeting_id = $1",
        meeting_id,
    )
