"""What people are told by mail, and what they want to hear."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties

_KINDS = (
    "kind IN ('booking_booked', 'booking_awaiting', 'booking_confirmed', 'booking_declined',"
    " 'booking_cancelled', 'booking_expired', 'booking_rescheduled', 'booking_time_proposed',"
    " 'booking_proposal_declined', 'booking_refunded', 'reminder_24h', 'reminder_1h', 'follow_up',"
    " 'series_created', 'series_accepted', 'series_skipped', 'series_ended', 'payment_too_late',"
    " 'payment_expiring', 'payment_card_refused', 'payment_refund_failed', 'payment_disputed',"
    " 'payment_dispute_closed', 'package_activated', 'package_cancelled', 'package_expired',"
    " 'package_refunded', 'note_written', 'recording_ready', 'video_broken',"
    " 'review_posted', 'intake_completed')"
)
_SUBJECT = (
    "CASE WHEN kind = 'video_broken'"
    " THEN num_nonnulls(client_id, booking_id, series_id, payment_id, purchase_id) = 0"
    " ELSE client_id IS NOT NULL"
    " AND num_nonnulls(booking_id, series_id, payment_id, purchase_id) > 0 END"
)


def _of_subject(name: str) -> Index:
    return Index(f"ix_notifications_{name}", name, postgresql_where=text(f"{name} IS NOT NULL"))


class Notification(Identified, Base):
    __tablename__ = "notifications"

    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    kind: Mapped[str]
    event_key: Mapped[str]
    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("app.users.id"))
    booking_id: Mapped[UUID | None]
    series_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    purchase_id: Mapped[UUID | None]
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    local_date: Mapped[date | None]
    language: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    send_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_error: Mapped[str | None]
    message_id: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        UniqueConstraint("event_key", "recipient_id"),
        key_with_parties("booking_id", "bookings", name="fk_notifications_booking"),
        key_with_parties("series_id", "recurring_bookings", name="fk_notifications_series"),
        key_with_parties("payment_id", "payments", name="fk_notifications_payment"),
        key_with_parties("purchase_id", "package_purchases", name="fk_notifications_purchase"),
        CheckConstraint(_KINDS, name="kind"),
        CheckConstraint("length(event_key) BETWEEN 3 AND 120", name="event_key"),
        CheckConstraint(
            "recipient_id = specialist_id OR coalesce(recipient_id = client_id, false)",
            name="recipient",
        ),
        CheckConstraint(_SUBJECT, name="subject"),
        CheckConstraint("revision >= 0", name="revision"),
        CheckConstraint("(local_date IS NOT NULL) = (kind = 'series_skipped')", name="local_date"),
        CheckConstraint("language ~ '^[a-z]{2}$'", name="language"),
        CheckConstraint(
            "state IN ('pending', 'leased', 'sent', 'skipped', 'failed')", name="state"
        ),
        CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="leased"),
        CheckConstraint(
            "state <> 'sent' OR (sent_at IS NOT NULL AND message_id IS NOT NULL)", name="sent"
        ),
        CheckConstraint(
            "(settled_at IS NOT NULL) = (state IN ('sent', 'skipped', 'failed'))", name="settled"
        ),
        CheckConstraint("attempts >= 0 AND fence >= 0", name="attempts"),
        CheckConstraint("length(last_error) <= 64", name="last_error"),
        Index(
            "ix_notifications_due",
            "next_attempt_at",
            postgresql_where=text("state IN ('pending', 'leased')"),
        ),
        Index(
            "ix_notifications_lease_until",
            "lease_until",
            postgresql_where=text("state = 'leased'"),
        ),
        Index(
            "ix_notifications_recipient_id",
            "recipient_id",
            text("send_at DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_notifications_settled_at",
            "settled_at",
            postgresql_where=text("settled_at IS NOT NULL"),
        ),
        Index("ix_notifications_specialist_id", "specialist_id"),
        Index("ix_notifications_client_id", "client_id"),
        _of_subject("booking_id"),
        _of_subject("series_id"),
        _of_subject("payment_id"),
        _of_subject("purchase_id"),
        {
            "comment": "Who is told what, once for each event_key and recipient. No text is kept: a"
            " mail is written from the truth at the moment of sending. revision is that of the"
            " booking.",
        },
    )


class NotificationPreference(Timestamped, Base):
    __tablename__ = "notification_preferences"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"), primary_key=True)
    language: Mapped[str | None]
    bookings: Mapped[bool] = mapped_column(server_default=text("true"))
    reminders: Mapped[bool] = mapped_column(server_default=text("true"))
    follow_ups: Mapped[bool] = mapped_column(server_default=text("true"))
    series: Mapped[bool] = mapped_column(server_default=text("true"))
    packages: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        CheckConstraint("language ~ '^[a-z]{2}$'", name="language"),
        {
            "comment": "Which groups of mail a person wants, and in which language (null: that of"
            " the profile). Changed or ended sessions and trouble with money are told in any case.",
        },
    )
