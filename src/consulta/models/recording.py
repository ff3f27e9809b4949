"""Recordings of sessions: keys of objects, never the objects; and how long they are kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties


class RecordingSettings(Timestamped, Base):
    __tablename__ = "recording_settings"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"), primary_key=True)
    retention_days: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("retention_days BETWEEN 1 AND 3650", name="retention"),
        {"comment": "How many days a specialist keeps recordings; no number: for ever."},
    )


class MeetingRecording(Identified, Timestamped, Base):
    __tablename__ = "meeting_recordings"

    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(server_default=text("'uploading'"))
    storage_path: Mapped[str]
    file_format: Mapped[str]
    duration_seconds: Mapped[int]
    storage_size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes]
    is_encrypted: Mapped[bool] = mapped_column(server_default=text("true"))
    upload_expires_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    object_deleted_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint(
            "booking_id",
            "specialist_id",
            "client_id",
            "number",
            name="uq_meeting_recordings_number",
        ),
        UniqueConstraint("storage_path"),
        key_with_parties("booking_id", "bookings", name="fk_meeting_recordings_booking"),
        CheckConstraint("number BETWEEN 1 AND 20", name="number"),
        CheckConstraint("status IN ('uploading', 'ready', 'failed', 'deleted')", name="status"),
        CheckConstraint(
            "storage_path ~ '^sessions/[0-9]{4}-[0-9]{2}/booking-[0-9a-f-]{36}(-[0-9]{1,2})?"
            "[.](mp4|webm|mov|mkv)$'",
            name="storage_path",
        ),
        CheckConstraint("file_format IN ('mp4', 'webm', 'mov', 'mkv')", name="file_format"),
        CheckConstraint("duration_seconds BETWEEN 1 AND 86400", name="duration"),
        CheckConstraint("storage_size_bytes BETWEEN 1 AND 5368709120", name="size"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint("upload_expires_at > created_at", name="upload"),
        CheckConstraint("status <> 'ready' OR ready_at IS NOT NULL", name="ready"),
        CheckConstraint("expires_at > created_at", name="expires"),
        CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name="deleted"),
        CheckConstraint(
            "object_deleted_at IS NULL OR status IN ('failed', 'deleted')", name="object"
        ),
        Index(
            "ix_meeting_recordings_specialist_id_created_at",
            "specialist_id",
            text("created_at DESC"),
        ),
        Index("ix_meeting_recordings_client_id_created_at", "client_id", text("created_at DESC")),
        Index(
            "ix_meeting_recordings_expires_at",
            "expires_at",
            postgresql_where=text("status = 'ready'"),
        ),
        Index(
            "ix_meeting_recordings_upload_expires_at",
            "upload_expires_at",
            postgresql_where=text("status = 'uploading'"),
        ),
        Index(
            "ix_meeting_recordings_object_due",
            "id",
            postgresql_where=text("object_deleted_at IS NULL AND status IN ('failed', 'deleted')"),
        ),
        {
            "comment": "What was recorded of a session: where the object is, never the object. It"
            " is kept until expires_at, for ever where there is none; object_deleted_at says that"
            " the object is gone.",
        },
    )
