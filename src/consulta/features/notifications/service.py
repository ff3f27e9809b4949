"""Use cases inside one transaction: what is to be told is written down, and what people want."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from consulta.features.notifications.errors import NotificationNotFound
from consulta.features.notifications.rules import GROUPS, Kind
from consulta.platform.db.work import Work

_TELL = """
INSERT INTO app.notifications (recipient_id, kind, event_key, send_at, next_attempt_at,
    specialist_id, client_id, booking_id, series_id, payment_id, purchase_id, revision, local_date)
SELECT u.recipient_id, u.kind, u.event_key, coalesce(u.send_at, app.now()),
       coalesce(u.send_at, app.now()), $5, $6, $7, $8, $9, $10, $11, $12
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
    AS u (recipient_id, kind, event_key, send_at)
ON CONFLICT (event_key, recipient_id) DO NOTHING
"""

_PREFER = """
INSERT INTO app.notification_preferences
    (user_id, language, bookings, reminders, follow_ups, series, packages)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (user_id) DO UPDATE SET language = excluded.language, bookings = excluded.bookings,
    reminders = excluded.reminders, follow_ups = excluded.follow_ups, series = excluded.series,
    packages = excluded.packages
"""

_READ = """
UPDATE app.notifications SET read_at = coalesce(read_at, app.now())
WHERE id = $1 AND recipient_id = $2 AND send_at <= app.now()
"""

_PURGE = """
DELETE FROM app.notifications WHERE id IN (
    SELECT id FROM app.notifications
    WHERE settled_at < app.now() - make_interval(days => $1) ORDER BY settled_at LIMIT $2)
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notification is about, with its parties."""

    specialist_id: UUID
    client_id: UUID | None
    booking_id: UUID | None = None
    series_id: UUID | None = None
    payment_id: UUID | None = None
    purchase_id: UUID | None = None
    revision: int = 0
    local_date: date | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told to one person. `event_key` names the event: nobody is told it twice."""

    recipient_id: UUID
    kind: Kind
    event_key: str
    send_at: datetime | None = None
    """None: at once."""


async def tell(work: Work, subject: Subject, notices: Sequence[Notice]) -> None:
    """Each of them stands to be sent, once; those that stood already are left alone."""
    if not notices:
        return
    await work.execute(
        _TELL,
        [one.recipient_id for one in notices],
        [one.kind.value for one in notices],
        [one.event_key for one in notices],
        [one.send_at for one in notices],
        subject.specialist_id,
        subject.client_id,
        subject.booking_id,
        subject.series_id,
        subject.payment_id,
        subject.purchase_id,
        subject.revision,
        subject.local_date,
    )


async def prefer(
    work: Work, *, language: str | None, wanted: Mapping[str, bool], was: Mapping[str, Any]
) -> None:
    """The person hears of those groups, in that language (None: the profile's), and of no others
    that can be switched off.
    """
    await work.execute(_PREFER, work.person, language, *(wanted[name] for name in GROUPS))
    work.audit(
        "notification_preferences_changed",
        subject_type="user",
        subject_id=work.person,
        old=was,
        new={"language": language, **wanted},
    )


async def mark_read(work: Work, *, notification_id: UUID) -> None:
    """The person has read it; the first time counts. Raises `NotificationNotFound`."""
    if not await work.execute(_READ, notification_id, work.person):
        raise NotificationNotFound


async def purge(work: Work, *, older_than_days: int, limit: int) -> int:
    """What was settled so long ago is gone, at most `limit`; how many went."""
    return await work.execute(_PURGE, older_than_days, limit)
