"""What differs between a provider's books and ours, and how far they have been compared."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified


class ReconciliationFinding(Identified, Base):
    __tablename__ = "reconciliation_findings"

    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"))
    charge_reference: Mapped[str]
    payment_id: Mapped[UUID | None]
    class_: Mapped[str] = mapped_column("class")
    reason: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    settled_by: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        CheckConstraint("class IN ('adopt', 'void', 'correct', 'park')", name="class"),
        CheckConstraint(
            "state IN ('open', 'done', 'dismissed') AND (state = 'open') = (settled_at IS NULL)",
            name="state",
        ),
        CheckConstraint("length(note) <= 1000", name="note"),
        Index(
            "uq_reconciliation_findings_open",
            "provider",
            "account",
            "charge_reference",
            "class",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_reconciliation_findings_created_at",
            text("created_at DESC"),
            text("id DESC"),
        ),
        {
            "comment": "Differences between a provider's books and ours: what was adopted, voided"
            " or corrected, and what is parked for a person.",
        },
    )


class ReconciliationCursor(Base):
    __tablename__ = "reconciliation_cursors"

    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"))
    read_until: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        PrimaryKeyConstraint("provider", "account", name="pk_reconciliation_cursors"),
        {
            "comment": "Until when the charges of a provider's account have been compared with"
            " ours.",
        },
    )
