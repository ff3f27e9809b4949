"""What a specialist asks before a session, and what the client answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties


class IntakeForm(Identified, Timestamped, Base):
    __tablename__ = "intake_forms"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    rate_id: Mapped[UUID | None]
    version: Mapped[int]
    title: Mapped[str]
    questions: Mapped[list[Any]]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        UniqueConstraint("id", "specialist_id"),
        ForeignKeyConstraint(
            ["rate_id", "specialist_id"],
            ["app.specialist_rates.id", "app.specialist_rates.specialist_id"],
            name="fk_intake_forms_rate",
        ),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("length(title) BETWEEN 1 AND 200", name="title"),
        CheckConstraint(
            "jsonb_typeof(questions) = 'array' AND jsonb_array_length(questions) BETWEEN 1 AND 50",
            name="questions",
        ),
        Index(
            "uq_intake_forms_active",
            "specialist_id",
            "rate_id",
            unique=True,
            postgresql_where=text("is_active"),
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "uq_intake_forms_version",
            "specialist_id",
            "rate_id",
            "version",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_intake_forms_rate_id", "rate_id"),
        {
            "comment": "What a specialist asks before a session, of one rate or of all; a changed"
            " form is a new version, so that answers keep their questions.",
        },
    )


class IntakeAnswers(Timestamped, Base):
    __tablename__ = "intake_answers"

    booking_id: Mapped[UUID] = mapped_column(primary_key=True)
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    form_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    sealed: Mapped[bytes]
    submitted_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        key_with_parties("booking_id", "bookings", name="fk_intake_answers_booking"),
        ForeignKeyConstraint(
            ["form_id", "specialist_id"],
            ["app.intake_forms.id", "app.intake_forms.specialist_id"],
            name="fk_intake_answers_form",
        ),
        CheckConstraint("revision >= 0", name="revision"),
        CheckConstraint("key_id ~ '^[A-Za-z0-9]{1,16}$'", name="key_id"),
        CheckConstraint("length(wrapped_key) <= 1000", name="wrapped_key"),
        CheckConstraint("length(sealed) <= 1000000", name="sealed"),
        Index("ix_intake_answers_form_id", "form_id", "specialist_id"),
        Index("ix_intake_answers_key_id", "key_id"),
        {
            "comment": "What the client told before a session, with the questions as they were:"
            " sealed for its row, read by both parties, written by the client. Personal: sealed.",
        },
    )
