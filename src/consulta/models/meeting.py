"""The meetings of bookings at video vendors, and how they are joined."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties

STATE = """CASE WHEN parked_at IS NOT NULL THEN 'failed'
WHEN made_revision = wanted_revision AND is_wanted THEN 'ready'
WHEN made_revision = wanted_revision THEN 'deleted'
WHEN NOT is_wanted THEN 'deleting'
WHEN external_id IS NULL THEN 'wanted'
ELSE 'moving' END"""


class Meeting(Identified, Timestamped, Base):
    __tablename__ = "meetings"

    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    config_id: Mapped[UUID | None]
    provider: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_wanted: Mapped[bool] = mapped_column(server_default=text("true"))
    wanted_revision: Mapped[int] = mapped_column(server_default=text("1"))
    made_revision: Mapped[int] = mapped_column(server_default=text("0"))
    generation: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    external_id: Mapped[str | None]
    first_sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    parked_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    state: Mapped[str] = mapped_column(Computed(STATE, persisted=True))

    __table_args__ = (
        UniqueConstraint("booking_id", name="uq_meetings_booking_id"),
        UniqueConstraint(
            "id", "specialist_id", "client_id", name="uq_meetings_id_specialist_id_client_id"
        ),
        key_with_parties("booking_id", "bookings", name="fk_meetings_booking"),
        ForeignKeyConstraint(
            ["config_id", "specialist_id"],
            ["app.video_configs.id", "app.video_configs.specialist_id"],
            name="fk_meetings_config",
        ),
        CheckConstraint("provider IN ('zoom', 'teams', 'meet', 'custom')", name="provider"),
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("made_revision BETWEEN 0 AND wanted_revision", name="revisions"),
        CheckConstraint("generation >= 0", name="generation"),
        CheckConstraint("length(external_id) BETWEEN 1 AND 1024", name="external_id"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("last_error ~ '^[A-Za-z][A-Za-z_]{1,63}$'", name="last_error"),
        CheckConstraint(
            "made_revision < wanted_revision OR NOT is_wanted OR external_id IS NOT NULL",
            name="ready",
        ),
        Index("ix_meetings_booking", "booking_id", "specialist_id", "client_id"),
        Index("ix_meetings_config", "config_id", "specialist_id"),
        Index("ix_meetings_specialist_id_starts_at", "specialist_id", "starts_at"),
        Index(
            "ix_meetings_due",
            "next_attempt_at",
            postgresql_where=text("made_revision < wanted_revision AND parked_at IS NULL"),
        ),
        {
            "comment": "The meeting of a confirmed booking at a video vendor: what is wanted there,"
            " and what has been made of it. state is a summary of the rest.",
        },
    )


class MeetingLink(Timestamped, Base):
    __tablename__ = "meeting_links"

    meeting_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    sealed: Mapped[bytes]

    __table_args__ = (
        PrimaryKeyConstraint("meeting_id", "specialist_id", "client_id", name="pk_meeting_links"),
        key_with_parties("meeting_id", "meetings", name="fk_meeting_links_meeting"),
        CheckConstraint("key_id ~ '^[A-Za-z0-9]{1,16}$'", name="key_id"),
        Index("ix_meeting_links_key_id", "key_id"),
        {
            "comment": "How a meeting is joined, address and passcode: sealed, written and read by"
            " the worker alone, and gone with the meeting.",
        },
    )
