"""Every select of notifications, named for what it returns."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work

Position = tuple[datetime, UUID]
"""A place in a list whose newest come first."""

_MOVED_BOOKING = """
SELECT b.id, b.specialist_id, b.client_id, b.status, b.revision, b.starts_at, b.ends_at,
       h.id AS move_id, h.from_status, h.to_status, h.actor_id, h.at AS decided_at,
       app.now() AS now, EXISTS (
           SELECT 1 FROM app.recurring_bookings r
           WHERE r.id = b.recurring_booking_id AND r.payment_mode = 'saved_card') AS by_saved_card
FROM app.bookings b
JOIN LATERAL (
    SELECT h.id, h.from_status, h.to_status, h.actor_id, h.at
    FROM app.booking_status_history h
    WHERE h.booking_id = b.id
      AND (h.to_status = $2 OR ($2::text IS NULL AND h.from_status IS NULL))
    ORDER BY h.at DESC, h.id DESC LIMIT 1) h ON true
WHERE b.id = $1
"""

_RESCHEDULED_BOOKING = """
SELECT b.id, b.specialist_id, b.client_id, b.status, b.revision, b.starts_at, b.ends_at,
       r.moved_by, r.created_at AS decided_at
FROM app.bookings b
JOIN LATERAL (
    SELECT r.moved_by, r.created_at FROM app.booking_reschedules r
    WHERE r.booking_id = b.id ORDER BY r.revision DESC LIMIT 1) r ON true
WHERE b.id = $1
"""

_BOOKING = """
SELECT b.id, b.specialist_id, b.client_id, b.status, b.revision, p.id AS proposal_id
FROM app.bookings b
LEFT JOIN LATERAL (
    SELECT p.id FROM app.booking_proposals p
    WHERE p.booking_id = b.id AND p.state = $2
    ORDER BY p.created_at DESC LIMIT 1) p ON true
WHERE b.id = $1
"""

_SERIES = """
SELECT r.id, r.specialist_id, r.client_id, r.status, r.created_by, r.accepted_at, a.actor_id
FROM app.recurring_bookings r
LEFT JOIN LATERAL (
    SELECT a.actor_id FROM app.audit_logs a
    WHERE a.subject_type = 'recurring_booking' AND a.subject_id = r.id AND a.action = $2
    ORDER BY a."timestamp" DESC LIMIT 1) a ON true
WHERE r.id = $1
"""

_SKIPPED = """
SELECT o.recurring_booking_id AS id, o.specialist_id, o.client_id, o.local_date
FROM app.recurring_booking_occurrences o
WHERE o.recurring_booking_id = $1 AND o.local_date = $2 AND o.outcome = 'skipped'
  AND o.reason <> 'left_out'
"""

_PURCHASE = """
SELECT id, specialist_id, client_id, status FROM app.package_purchases WHERE id = $1
"""

_PAYMENT = """
SELECT p.id, p.specialist_id, p.client_id, p.booking_id, p.package_purchase_id, p.status,
       p.saved_method_id, p.last_error,
       (SELECT o.id FROM app.payment_operations o
        WHERE o.payment_id = p.id AND o.kind = 'refund' AND o.state = 'dead'
        ORDER BY o.id = $3 DESC NULLS LAST, o.updated_at DESC LIMIT 1) AS dead_refund_id,
       (SELECT a.id FROM app.audit_logs a
        WHERE a.subject_type = 'payment' AND a.subject_id = p.id AND a.action = $2
          AND a.actor_id IS NULL
        ORDER BY a."timestamp" DESC LIMIT 1) AS entry_id
FROM app.payments p WHERE p.id = $1
"""

_TRUTH = """
SELECT n.id, n.fence, n.attempts, n.recipient_id, n.kind, n.revision, n.local_date, n.send_at,
       n.booking_id, n.series_id, n.purchase_id, n.payment_id, n.specialist_id, n.client_id,
       u.email, u.is_active, m.full_name AS name, m.time_zone AS own_zone, m.locale,
       s.time_zone AS specialist_zone, w.language AS wanted_language,
       coalesce(w.bookings, true) AS bookings, coalesce(w.reminders, true) AS reminders,
       coalesce(w.follow_ups, true) AS follow_ups, coalesce(w.series, true) AS series,
       coalesce(w.packages, true) AS packages,
       CASE WHEN n.recipient_id = n.specialist_id THEN c.full_name ELSE s.full_name END AS other,
       b.status AS booking_status, b.revision AS booking_revision, b.starts_at, b.ends_at,
       b.updated_at, b.expires_at, b.total_minor, b.currency,
       x.refund_minor, x.currency AS refund_currency,
       y.provider, y.capture_before, y.amount_minor, y.currency AS payment_currency,
       y.refunded_minor, r.start_date, o.reason AS skip_reason,
       q.session_count, q.valid_until, q.price_minor, q.currency AS purchase_currency,
       j.starts_at AS proposed_at, v.from_starts_at AS moved_from,
       EXISTS (SELECT 1 FROM app.booking_status_history h
               WHERE h.booking_id = n.booking_id AND h.to_status = 'confirmed') AS was_confirmed,
       app.now() AS now
FROM app.notifications n
JOIN app.users u ON u.id = n.recipient_id
JOIN app.profiles m ON m.user_id = n.recipient_id
JOIN app.specialists s ON s.id = n.specialist_id
LEFT JOIN app.profiles c ON c.user_id = n.client_id
LEFT JOIN app.notification_preferences w ON w.user_id = n.recipient_id
LEFT JOIN app.bookings b ON b.id = n.booking_id
LEFT JOIN app.booking_cancellations x ON x.booking_id = n.booking_id
LEFT JOIN app.recurring_bookings r ON r.id = n.series_id
LEFT JOIN app.recurring_booking_occurrences o
    ON o.recurring_booking_id = n.series_id AND o.local_date = n.local_date
LEFT JOIN app.package_purchases q ON q.id = n.purchase_id
LEFT JOIN app.booking_proposals j ON j.booking_id = n.booking_id AND j.state = 'open'
    AND n.event_key = n.kind || ':' || j.id
LEFT JOIN LATERAL (
    SELECT v.from_starts_at FROM app.booking_reschedules v
    WHERE v.booking_id = n.booking_id AND v.revision = n.revision LIMIT 1) v ON true
LEFT JOIN LATERAL (
    SELECT y.* FROM app.payments y
    WHERE y.id = n.payment_id OR (n.payment_id IS NULL AND y.booking_id = n.booking_id)
    ORDER BY y.created_at DESC LIMIT 1) y ON true
WHERE n.id = $1 AND n.fence = $2 AND n.state = 'leased'
"""

_ACCOUNT_LETTER = """
SELECT l.id, l.fence, l.kind, l.attempts, u.email, p.full_name AS name, p.locale,
       w.language AS wanted_language,
       CASE WHEN NOT u.is_active THEN 'NO_ACCOUNT'
            WHEN l.kind = 'verify_email' AND u.email_verified_at IS NOT NULL THEN 'OVERTAKEN'
            WHEN l.asked_at < app.now() - $3::interval THEN 'TOO_OLD' END AS obstacle
FROM app.account_letters l
JOIN app.users u ON u.id = l.user_id
JOIN app.profiles p ON p.user_id = l.user_id
LEFT JOIN app.notification_preferences w ON w.user_id = l.user_id
WHERE l.id = $1 AND l.fence = $2 AND l.state = 'leased'
"""

_NOTIFICATIONS = """
SELECT n.id, n.kind, n.booking_id, n.series_id, n.payment_id, n.purchase_id, n.specialist_id,
       n.client_id, n.revision, n.local_date, n.language, n.send_at, n.sent_at, n.read_at,
       CASE n.state WHEN 'leased' THEN 'pending' ELSE n.state END AS state
FROM app.notifications n
WHERE n.recipient_id = $1 AND n.send_at <= app.now() AND n.state <> 'skipped'
  AND ($2::timestamptz IS NULL OR (n.send_at, n.id) < ($2, $3::uuid))
  AND (NOT $4 OR n.read_at IS NULL)
ORDER BY n.send_at DESC, n.id DESC LIMIT $5
"""

_PREFERENCES = """
SELECT w.language, coalesce(w.bookings, true) AS bookings, coalesce(w.reminders, true) AS reminders,
       coalesce(w.follow_ups, true) AS follow_ups, coalesce(w.series, true) AS series,
       coalesce(w.packages, true) AS packages, p.locale
FROM app.profiles p LEFT JOIN app.notification_preferences w ON w.user_id = p.user_id
WHERE p.user_id = $1
"""


async def moved_booking(work: Work, booking_id: UUID, *, to: str | None) -> asyncpg.Record | None:
    """A booking and its last move to that status, or its beginning; None where it never was."""
    return await work.fetchrow(_MOVED_BOOKING, booking_id, to)


async def rescheduled_booking(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """A booking that was moved in time, and who moved it last."""
    return await work.fetchrow(_RESCHEDULED_BOOKING, booking_id)


async def booking_with_proposal(
    work: Work, booking_id: UUID, *, state: str
) -> asyncpg.Record | None:
    """A booking and the last proposal of another time in that state."""
    return await work.fetchrow(_BOOKING, booking_id, state)


async def series(work: Work, series_id: UUID, *, action: str) -> asyncpg.Record | None:
    """A series, and who last did that with it."""
    return await work.fetchrow(_SERIES, series_id, action)


async def skipped_date(work: Work, series_id: UUID, local_date: date) -> asyncpg.Record | None:
    """A date on which a series has no session, unless that was wanted."""
    return await work.fetchrow(_SKIPPED, series_id, local_date)


async def purchase(work: Work, purchase_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(_PURCHASE, purchase_id)


async def payment(
    work: Work, payment_id: UUID, *, action: str, refund_id: UUID | None = None
) -> asyncpg.Record | None:
    """A payment, that refund of it, or the last one, that was given up, and the last entry of the
    audit log in which the service itself says that this was done with it.
    """
    return await work.fetchrow(_PAYMENT, payment_id, action, refund_id)


_MADE = {
    "note": "SELECT id, booking_id, specialist_id, client_id FROM app.session_notes WHERE id = $1",
    "recording": "SELECT id, booking_id, specialist_id, client_id FROM app.meeting_recordings"
    " WHERE id = $1 AND status = 'ready'",
    "review": "SELECT id, booking_id, specialist_id, client_id FROM app.reviews WHERE id = $1",
    "booking": "SELECT id, id AS booking_id, specialist_id, client_id FROM app.bookings"
    " WHERE id = $1 AND intake_completed",
}

_BROKEN = """
SELECT v.specialist_id, a.id AS entry_id
FROM app.video_configs v
JOIN LATERAL (
    SELECT a.id FROM app.audit_logs a
    WHERE a.subject_type = 'video_config' AND a.subject_id = v.id
      AND a.action = 'video_config.broken' AND a.actor_id IS NULL
    ORDER BY a."timestamp" DESC LIMIT 1) a ON true
WHERE v.id = $1 AND v.is_active AND v.state = 'broken'
"""


async def made(work: Work, what: str, id_: UUID) -> asyncpg.Record | None:
    """A `note`, `recording`, `review` or answered form (of a `booking`) of a session, and whose."""
    return await work.fetchrow(_MADE[what], id_)


async def broken_video(work: Work, config_id: UUID) -> asyncpg.Record | None:
    """Whose video account it is that does not work any more, and the entry that says so."""
    return await work.fetchrow(_BROKEN, config_id)


async def truth(work: Work, notification_id: UUID, *, fence: int) -> asyncpg.Record | None:
    """All that a mail may say, as it is now; None where somebody else has taken it over."""
    return await work.fetchrow(_TRUTH, notification_id, fence)


async def account_letter(
    work: Work, letter_id: UUID, *, fence: int, too_old_after: timedelta
) -> asyncpg.Record | None:
    """To whom a letter about an account goes, and the `obstacle` as a code, if any; None where
    somebody else has taken it over.
    """
    return await work.fetchrow(_ACCOUNT_LETTER, letter_id, fence, too_old_after)


async def notifications_of(
    work: Work, *, unread: bool, after: Position | None, limit: int
) -> Sequence[asyncpg.Record]:
    """What the person was told, the newest first, one more than `limit` where there are more."""
    at, last = after or (None, None)
    return await work.fetch(_NOTIFICATIONS, work.person, at, last, unread, limit + 1)


async def preferences(work: Work) -> asyncpg.Record | None:
    """What the person wants to hear, and the language of the profile."""
    return await work.fetchrow(_PREFERENCES, work.person)
