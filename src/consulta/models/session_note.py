"""Session notes and what was appended to them: sealed, so that the database reads neither."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties


class SessionNote(Identified, Timestamped, Base):
    __tablename__ = "session_notes"

    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    sealed: Mapped[bytes]
    editable_until: Mapped[datetime] = mapped_column(
        server_default=text("app.now() + interval '24 hours'")
    )

    __table_args__ = (
        UniqueConstraint("id", "specialist_id", "client_id"),
        key_with_parties("booking_id", "bookings", name="fk_session_notes_booking"),
        CheckConstraint("revision >= 0", name="revision"),
        CheckConstraint("key_id ~ '^[A-Za-z0-9]{1,16}$'", name="key_id"),
        CheckConstraint("length(wrapped_key) <= 1000", name="wrapped_key"),
        CheckConstraint("length(sealed) <= 400000", name="sealed"),
        CheckConstraint("created_at < editable_until", name="editable"),
        Index("ix_session_notes_booking_id", "booking_id", "created_at"),
        Index(
            "ix_session_notes_specialist_id_created_at",
            "specialist_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_session_notes_client_id_created_at",
            "client_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index("ix_session_notes_key_id", "key_id"),
        {
            "comment": "What the specialist wrote about a session: sealed for its row, read by both"
            " parties, changed by the author until editable_until. Personal: sealed.",
        },
    )


class SessionNoteAmendment(Identified, Base):
    __tablename__ = "session_note_amendments"

    note_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        ForeignKeyConstraint(
            ["note_id", "specialist_id", "client_id"],
            [f"app.session_notes.{part}" for part in ("id", "specialist_id", "client_id")],
            name="fk_session_note_amendments_note",
            ondelete="CASCADE",
        ),
        CheckConstraint("key_id ~ '^[A-Za-z0-9]{1,16}$'", name="key_id"),
        CheckConstraint("length(wrapped_key) <= 1000", name="wrapped_key"),
        CheckConstraint("length(sealed) <= 100000", name="sealed"),
        Index("ix_session_note_amendments_note_id", "note_id", "created_at"),
        Index("ix_session_note_amendments_key_id", "key_id"),
        {
            "comment": "What the author appended to a note: sealed for its row, append-only."
            " Personal: sealed.",
        },
    )
