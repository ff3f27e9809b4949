"""Every select of reviews, named for what it returns."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work

_REVIEW = """
SELECT r.id, r.booking_id, r.specialist_id, r.client_id, r.rating, r.comment, r.shows_name,
       r.reply, r.replied_at, r.is_hidden, r.hidden_reason, r.created_at, r.edited_at
FROM app.reviews r
"""


async def review_of(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """The review of a booking, as far as the reader is a party of it or an admin."""
    return await work.fetchrow(f"{_REVIEW} WHERE r.booking_id = $1", booking_id)


async def review_for_update(work: Work, review_id: UUID) -> asyncpg.Record | None:
    """A review by its id, locked: for admins."""
    return await work.fetchrow(f"{_REVIEW} WHERE r.id = $1 FOR UPDATE", review_id)


async def public_reviews(
    work: Work, specialist_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """What anybody may read of a specialist's reviews, the newest first, one more than `limit`
    where there are more.
    """
    at, last = after or (None, None)
    return await work.fetch(
        "SELECT * FROM app.reviews_of($1, $2, $3, $4)", specialist_id, at, last, limit + 1
    )
