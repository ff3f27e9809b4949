"""Reading series: as they stand, what became of their dates, and what lies ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class Series:
    """A series as a function of the database gave it back: written down, or only proposed."""

    id: UUID
    specialist_id: UUID
    client_id: UUID
    rate_id: UUID
    frequency: str
    start_date: date
    end_date: date | None
    local_time: time
    anchor_day: int
    payment_mode: str
    package_purchase_id: UUID | None
    saved_method_id: UUID | None
    status: str
    next_booking_date: date | None
    accepted_at: datetime | None
    note: str | None
    revision: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Series":
        """From the row as JSON has it."""
        purchase, end, ahead = (
            row[name] for name in ("package_purchase_id", "end_date", "next_booking_date")
        )
        card = row["saved_method_id"]
        accepted = row["accepted_at"]
        return cls(
            id=UUID(row["id"]),
            specialist_id=UUID(row["specialist_id"]),
            client_id=UUID(row["client_id"]),
            rate_id=UUID(row["rate_id"]),
            frequency=row["frequency"],
            start_date=date.fromisoformat(row["start_date"]),
            end_date=date.fromisoformat(end) if end else None,
            local_time=time.fromisoformat(row["local_time"]),
            anchor_day=row["anchor_day"],
            payment_mode=row["payment_mode"],
            package_purchase_id=UUID(purchase) if purchase else None,
            saved_method_id=UUID(card) if card else None,
            status=row["status"],
            next_booking_date=date.fromisoformat(ahead) if ahead else None,
            accepted_at=datetime.fromisoformat(accepted) if accepted else None,
            note=row["note"],
            revision=row["revision"],
        )


@dataclass(frozen=True, slots=True)
class Calendar:
    """The specialist's clock and today's date by it."""

    time_zone: str
    today: date


async def calendar_of(work: Work, specialist_id: UUID) -> Calendar | None:
    """None where the reader sees no such specialist."""
    row = await work.fetchrow(
        "SELECT s.time_zone, (app.now() AT TIME ZONE s.time_zone)::date AS today"
        " FROM app.specialists s WHERE s.id = $1",
        specialist_id,
    )
    return Calendar(row["time_zone"], row["today"]) if row is not None else None


_SEEN = """
SELECT r.*, s.time_zone, s.full_name AS specialist_name, f.full_name AS client_name
FROM app.recurring_bookings r
LEFT JOIN app.specialists s ON s.id = r.specialist_id
LEFT JOIN app.profiles f ON f.user_id = r.client_id
"""


async def series(work: Work, series_id: UUID) -> asyncpg.Record | None:
    """A series as its reader may see it."""
    return await work.fetchrow(_SEEN + "WHERE r.id = $1", series_id)


_LISTED = (
    _SEEN
    + """
WHERE ($1::uuid IS NULL OR r.client_id = $1) AND ($2::uuid IS NULL OR r.specialist_id = $2)
  AND ($3::text[] IS NULL OR r.status = ANY ($3))
  AND ($4::timestamptz IS NULL OR (r.created_at, r.id) < ($4, $5::uuid))
ORDER BY r.created_at DESC, r.id DESC LIMIT $6
"""
)


async def series_of(
    work: Work,
    *,
    client_id: UUID | None,
    specialist_id: UUID | None,
    statuses: Sequence[str] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Series, the newest first, one more than `limit` where there are more."""
    at, last = after or (None, None)
    return await work.fetch(_LISTED, client_id, specialist_id, statuses, at, last, limit + 1)


async def occurrences_of(work: Work, series_id: UUID, *, limit: int) -> Sequence[asyncpg.Record]:
    """What became of its dates, the newest first."""
    return await work.fetch(
        "SELECT o.local_date, o.starts_at, o.outcome, o.reason, o.booking_id,"
        " b.status AS booking_status FROM app.recurring_booking_occurrences o"
        " LEFT JOIN app.bookings b ON b.id = o.booking_id"
        " WHERE o.recurring_booking_id = $1 ORDER BY o.local_date DESC LIMIT $2",
        series_id,
        limit,
    )


async def upcoming_dates(work: Work, series_id: UUID, *, limit: int) -> Sequence[asyncpg.Record]:
    """The next dates, of which nothing has become yet."""
    return await work.fetch(
        "SELECT local_date, starts_at FROM app.upcoming_series_dates($1, $2)", series_id, limit
    )


async def dates_ahead(
    work: Work, one: Series, *, limit: int, is_new: bool
) -> Sequence[asyncpg.Record]:
    """Each date of such a series that is still to come: free, or why not, and what is near.

    Raises what `app.bookable_minutes` refuses.
    """
    return await work.fetch(
        "SELECT * FROM app.preview_series($1, $2, $3, $4, $5::smallint, $6, $7, $8, $9)",
        None if is_new else one.id,
        one.specialist_id,
        one.rate_id,
        one.frequency,
        one.anchor_day,
        one.next_booking_date,
        one.end_date,
        one.local_time,
        limit,
    )


async def live_bookings_of(
    work: Work, series_id: UUID, *, dated_from: date | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Bookings of the series that stand and have not begun, made for that date or a later one; the
    earliest first.
    """
    return await work.fetch(
        "SELECT b.id, b.status, b.starts_at, o.local_date FROM app.bookings b"
        " JOIN app.recurring_booking_occurrences o ON o.booking_id = b.id"
        " WHERE b.recurring_booking_id = $1"
        " AND b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed')"
        " AND b.starts_at > app.now() AND ($2::date IS NULL OR o.local_date >= $2)"
        " ORDER BY b.starts_at, b.id LIMIT $3",
        series_id,
        dated_from,
        limit,
    )


async def bookings_awaiting_a_yes(work: Work, series_id: UUID, *, limit: int) -> Sequence[UUID]:
    """Bookings of the series that wait for the specialist's word alone: nothing is owed online."""
    rows = await work.fetch(
        "SELECT b.id FROM app.booking_views b WHERE b.recurring_booking_id = $1"
        " AND b.status = 'awaiting_confirmation' AND b.starts_at > app.now()"
        " AND coalesce(b.payment_provider, 'manual') = 'manual' ORDER BY b.starts_at LIMIT $2",
        series_id,
        limit,
    )
    return [row["id"] for row in rows]


async def ended_booking(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """A booking and, where it was called off, on which terms."""
    return await work.fetchrow(
        "SELECT b.id, b.status, b.starts_at, c.refund_minor, c.currency, c.credit_returned,"
        " c.cancellation_policy_applied FROM app.bookings b"
        " LEFT JOIN app.booking_cancellations c ON c.booking_id = b.id WHERE b.id = $1",
        booking_id,
    )
