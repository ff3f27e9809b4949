"""Every select of bookings, named for what it returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.bookings.status import BookingStatus
from consulta.kernel.money import Money
from consulta.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class LockedPayment:
    """The live payment of a locked booking."""

    id: UUID
    provider: str
    account: str
    status: str
    reference: str | None
    amount: Money
    authorized_minor: int
    captured: Money
    returned: Money
    """What went back or is on its way."""


@dataclass(frozen=True, slots=True)
class LockedBooking:
    """A booking under its lock (calendar first, then booking, then payment: D3)."""

    id: UUID
    specialist_id: UUID
    client_id: UUID
    status: BookingStatus
    starts_at: datetime
    ends_at: datetime
    currency: str
    policy: str
    policy_tiers: Sequence[dict[str, Any]] | None
    tier_starts_at: datetime
    """The start that the tiers count from: moving a session does not dodge them (D12)."""
    has_credit: bool
    revision: int
    auto_confirm: bool
    payment: LockedPayment | None
    capture_under_way: bool
    now: datetime


async def booking_for_update(work: Work, booking_id: UUID) -> LockedBooking | None:
    """The booking with its payment, locked until the end of the transaction; None for whoever is no
    party of it.
    """
    found = await work.fetchval("SELECT app.lock_booking($1)", booking_id)
    return _read(found) if found is not None else None


async def booking_as_it_is(work: Work, booking_id: UUID) -> LockedBooking | None:
    """The same without any lock: by the time it is read it may be otherwise."""
    found = await work.fetchval("SELECT app.look_at_booking($1)", booking_id)
    return _read(found) if found is not None else None


def _read(found: dict[str, Any]) -> LockedBooking:
    row = found["booking"]
    return LockedBooking(
        id=UUID(row["id"]),
        specialist_id=UUID(row["specialist_id"]),
        client_id=UUID(row["client_id"]),
        status=BookingStatus(row["status"]),
        starts_at=datetime.fromisoformat(row["starts_at"]),
        ends_at=datetime.fromisoformat(row["ends_at"]),
        currency=row["currency"],
        policy=row["policy"],
        policy_tiers=row["policy_tiers"],
        tier_starts_at=datetime.fromisoformat(row["tier_starts_at"] or row["starts_at"]),
        has_credit=row["package_purchase_id"] is not None,
        revision=row["revision"],
        auto_confirm=row["auto_confirm"],
        payment=_payment(found["payment"], found["returned_minor"]),
        capture_under_way=found["capture_under_way"],
        now=datetime.fromisoformat(found["now"]),
    )


def _payment(row: dict[str, Any] | None, returned_minor: int) -> LockedPayment | None:
    if row is None:
        return None
    currency = row["currency"]
    return LockedPayment(
        id=UUID(row["id"]),
        provider=row["provider"],
        account=row["account"],
        status=row["status"],
        reference=row["provider_reference"],
        amount=Money(row["amount_minor"], currency),
        authorized_minor=row["authorized_minor"],
        captured=Money(row["captured_minor"], currency),
        returned=Money(returned_minor, currency),
    )


async def booking(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """A booking with its present payment, as far as the reader may see them."""
    return await work.fetchrow(f"{_BOOKING} WHERE b.id = $1", booking_id)


async def booking_in_detail(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """The same, and what has gathered around the session."""
    return await work.fetchrow(_BOOKING_IN_DETAIL, booking_id)


# What is charged at a specialist's own account is paid with that account's public key. The record
# of its end, and the time that is proposed instead, are looked up only where there may be one, and
# after the limit of a list.
_BOOKING = """
SELECT b.*, CASE WHEN b.payment_account <> '' THEN app.publishable_key_of(b.payment_account) END
           AS payment_account_key,
       CASE WHEN b.status IN ('cancelled', 'declined') THEN (
           SELECT to_jsonb(c) FROM app.booking_cancellations c
           WHERE c.booking_id = b.id AND c.specialist_id = b.specialist_id
             AND c.client_id = b.client_id) END AS cancellation,
       CASE WHEN b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed') THEN (
           SELECT jsonb_build_object('id', p.id, 'starts_at', p.starts_at, 'message', p.message)
           FROM app.booking_proposals p WHERE p.booking_id = b.id AND p.state = 'open') END
           AS open_proposal
FROM app.booking_views b
"""
_BOOKING_IN_DETAIL = f"""
SELECT d.*,
       (SELECT m.state FROM app.meetings m WHERE m.booking_id = $1) AS meeting_status,
       (SELECT count(*) FROM app.session_notes n WHERE n.booking_id = $1) AS notes_count,
       (SELECT count(*) FROM app.meeting_recordings r
        WHERE r.booking_id = $1 AND r.status = 'ready') AS recordings_count,
       EXISTS (SELECT 1 FROM app.reviews v WHERE v.booking_id = $1) AS has_review
FROM ({_BOOKING} WHERE b.id = $1) d
"""
# The page is cut first: names and payments of all the rest would be looked up, too, before that.
_BOOKINGS_OF = f"""
WITH page AS MATERIALIZED (
    SELECT b.id FROM app.bookings b
    WHERE ($1::uuid IS NULL OR b.client_id = $1) AND ($2::uuid IS NULL OR b.specialist_id = $2)
      AND ($3::text[] IS NULL OR b.status = ANY ($3))
      AND ($4::timestamptz IS NULL OR b.starts_at >= $4)
      AND ($5::timestamptz IS NULL OR b.starts_at < $5)
      AND ($6::timestamptz IS NULL OR (b.created_at, b.id) < ($6, $7::uuid))
    ORDER BY b.created_at DESC, b.id DESC LIMIT $8
)
{_BOOKING}
JOIN page ON page.id = b.id
ORDER BY b.created_at DESC, b.id DESC
"""


async def bookings_of(
    work: Work,
    *,
    client_id: UUID | None,
    specialist_id: UUID | None,
    statuses: Sequence[str] | None,
    starts_from: datetime | None,
    starts_before: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Bookings, the newest first, one more than `limit` where there are more."""
    at, last = after or (None, None)
    return await work.fetch(
        _BOOKINGS_OF,
        client_id,
        specialist_id,
        statuses,
        starts_from,
        starts_before,
        at,
        last,
        limit + 1,
    )


async def history_of(work: Work, booking_id: UUID) -> Sequence[asyncpg.Record]:
    """Every move of the booking's status, the oldest first."""
    return await work.fetch(
        "SELECT from_status, to_status, actor_kind, actor_id, reason, at"
        " FROM app.booking_status_history WHERE booking_id = $1 ORDER BY at, id LIMIT 200",
        booking_id,
    )


async def reschedules_of(work: Work, booking_id: UUID) -> Sequence[asyncpg.Record]:
    """Every move of the booking in time, the oldest first."""
    return await work.fetch(
        "SELECT revision, from_starts_at, from_ends_at, to_starts_at, to_ends_at,"
        " moved_by_kind AS moved_by, reason, created_at AS at"
        " FROM app.booking_reschedules WHERE booking_id = $1 ORDER BY revision LIMIT 200",
        booking_id,
    )


async def proposals_of(work: Work, booking_id: UUID) -> Sequence[asyncpg.Record]:
    """The times that were proposed for the booking, the newest first."""
    return await work.fetch(
        "SELECT id, booking_id, starts_at, message, state, created_at, updated_at"
        " FROM app.booking_proposals WHERE booking_id = $1"
        " ORDER BY created_at DESC, id DESC LIMIT 200",
        booking_id,
    )


async def cancellation_of(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """Who called the booking off, and what goes back of its money."""
    return await work.fetchrow(
        "SELECT cancelled_by, refund_minor, currency FROM app.booking_cancellations"
        " WHERE booking_id = $1",
        booking_id,
    )


async def client_at(work: Work, email: str) -> UUID | None:
    """The active client with exactly that address. Raises `Forbidden` for all but verified
    specialists and admins.
    """
    found: UUID | None = await work.fetchval("SELECT app.client_at($1)", email)
    return found


async def refund_of_cancellation(work: Work, booking_id: UUID) -> Money:
    """What goes back by the record of the booking's end, which must exist."""
    row = await work.fetchrow(
        "SELECT refund_minor, currency FROM app.booking_cancellations WHERE booking_id = $1",
        booking_id,
    )
    assert row is not None, "what was cancelled has its record"
    return Money(row["refund_minor"], row["currency"])


async def overdue_bookings(work: Work, *, limit: int) -> Sequence[UUID]:
    """Bookings whose payment or confirmation did not come in time."""
    rows = await work.fetch(
        "SELECT id FROM app.bookings WHERE status IN ('pending_payment', 'awaiting_confirmation')"
        " AND expires_at <= app.now() ORDER BY expires_at LIMIT $1",
        limit,
    )
    return [row["id"] for row in rows]


async def confirmed_bookings_ended_before(
    work: Work, at: datetime, *, limit: int
) -> Sequence[UUID]:
    rows = await work.fetch(
        "SELECT id FROM app.bookings WHERE status = 'confirmed' AND ends_at < $1"
        " ORDER BY ends_at LIMIT $2",
        at,
        limit,
    )
    return [row["id"] for row in rows]


async def confirmation_hours_of(work: Work, specialist_id: UUID) -> int:
    hours: int = await work.fetchval(
        "SELECT confirmation_hours FROM app.specialists WHERE id = $1", specialist_id
    )
    return hours
