"""Reviews are posted, changed, answered, hidden and shown; the rating follows by itself."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.bookings import queries as bookings
from consulta.features.bookings.errors import BookingNotFound
from consulta.features.reviews import queries
from consulta.features.reviews.errors import ReviewNotFound
from consulta.features.reviews.rules import said_after
from consulta.features.reviews.schemas import ReviewCreate
from consulta.platform.db.work import Work

_SET_HIDDEN = """
UPDATE app.reviews r
SET is_hidden = $2, hidden_reason = $3, hidden_at = CASE WHEN $2 THEN app.now() END
WHERE r.id = $1
RETURNING *
"""
_PARTIES = ("booking_id", "specialist_id", "client_id")


async def post(work: Work, body: ReviewCreate, *, booking_id: UUID) -> asyncpg.Record:
    """The client has reviewed the session. Raises BookingNotFound, Forbidden, SessionNotCompleted,
    ReviewExists.
    """
    row = await work.fetchrow(
        "SELECT * FROM app.post_review($1, $2, $3, $4)",
        booking_id,
        body.rating,
        body.comment,
        body.shows_name,
    )
    assert row is not None
    _audit(work, "review.posted", row, new={"booking_id": booking_id, "rating": body.rating})
    work.send("review.posted", {"review_id": row["id"], **{name: row[name] for name in _PARTIES}})
    return row


async def change(work: Work, changes: Mapping[str, Any], *, booking_id: UUID) -> asyncpg.Record:
    """The client's review says this now, and counts as edited if it said something else. Raises
    BookingNotFound, Forbidden, ReviewNotFound, ReviewFinal.
    """
    seen = await review_of(work, booking_id)
    said = said_after(seen, changes)
    row = await work.fetchrow(
        "SELECT * FROM app.change_review($1, $2, $3, $4)",
        booking_id,
        said["rating"],
        said["comment"],
        said["shows_name"],
    )
    assert row is not None
    if row["edited_at"] != seen["edited_at"]:
        old = {"rating": seen["rating"]}
        _audit(work, "review.changed", row, old=old, new={"rating": row["rating"]})
    return row


async def reply(work: Work, text: str, *, booking_id: UUID) -> asyncpg.Record:
    """The specialist has answered, once. Raises BookingNotFound, Forbidden, ReviewNotFound,
    ReviewReplied.
    """
    row = await work.fetchrow("SELECT * FROM app.reply_to_review($1, $2)", booking_id, text)
    assert row is not None
    _audit(work, "review.replied", row)
    return row


async def hide(work: Work, *, review_id: UUID, reason: str) -> asyncpg.Record:
    """Nobody but its parties and admins sees the review, and it does not count. Raises
    ReviewNotFound.
    """
    return await _set_hidden(work, review_id, reason)


async def unhide(work: Work, *, review_id: UUID) -> asyncpg.Record:
    """Everybody sees the review again, and it counts. Raises ReviewNotFound."""
    return await _set_hidden(work, review_id, None)


async def review_of(work: Work, booking_id: UUID) -> asyncpg.Record:
    """The review of the booking. Raises BookingNotFound, ReviewNotFound."""
    row = await queries.review_of(work, booking_id)
    if row is None:
        is_seen = await bookings.booking(work, booking_id) is not None
        raise ReviewNotFound if is_seen else BookingNotFound
    return row


async def _set_hidden(work: Work, review_id: UUID, reason: str | None) -> asyncpg.Record:
    seen = await queries.review_for_update(work, review_id)
    if seen is None:
        raise ReviewNotFound
    row = await work.fetchrow(_SET_HIDDEN, review_id, reason is not None, reason)
    assert row is not None
    names = ("is_hidden", "hidden_reason")
    action = "review.hidden" if reason is not None else "review.shown"
    old, new = ({name: one[name] for name in names} for one in (seen, row))
    _audit(work, action, row, old=old, new=new)
    return row


def _audit(
    work: Work,
    action: str,
    row: Mapping[str, Any],
    *,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
) -> None:
    # Never the words themselves: the log outlives what its author takes back.
    work.audit(action, subject_type="review", subject_id=row["id"], old=old, new=new)
