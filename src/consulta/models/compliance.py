"""What people agreed to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified


class Consent(Identified, Base):
    __tablename__ = "consents"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    purpose: Mapped[str]
    version: Mapped[str]
    granted: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        CheckConstraint(
            "purpose IN ('terms', 'privacy', 'marketing', 'recording')", name="purpose"
        ),
        CheckConstraint("length(version) BETWEEN 1 AND 64", name="version"),
        Index(
            "ix_consents_user_id",
            "user_id",
            "purpose",
            text("created_at DESC"),
            text("id DESC"),
        ),
        {
            "comment": "What a person agreed to or withdrew, for which purpose and in which version"
            " of its text; append-only, the newest of a purpose is in force.",
        },
    )
