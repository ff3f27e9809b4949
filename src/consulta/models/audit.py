"""The audit log: append-only entries of who did what to what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified


class AuditEntry(Identified, Base):
    __tablename__ = "audit_logs"

    timestamp: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    actor_id: Mapped[UUID | None]
    actor: Mapped[str]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID | None]
    old_values: Mapped[dict[str, Any] | None]
    new_values: Mapped[dict[str, Any] | None]
    status: Mapped[str] = mapped_column(server_default=text("'success'"))
    request_id: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(
            "status IN ('success', 'success_with_errors', 'failure', 'denied')", name="status"
        ),
        Index(
            "ix_audit_logs_subject",
            "subject_type",
            "subject_id",
            text('"timestamp" DESC'),
        ),
        Index(
            "ix_audit_logs_actor_id",
            "actor_id",
            "timestamp",
            postgresql_where=text("actor_id IS NOT NULL"),
        ),
        # Read backwards; written forwards, at its end.
        Index("ix_audit_logs_timestamp", "timestamp", "id"),
        {
            "comment": "Who did what, when, in which request, with old and new values of what"
            " changed; append-only.",
        },
    )
