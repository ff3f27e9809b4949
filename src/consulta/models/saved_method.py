"""Saved payment methods, and what a browser has to do to save one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties


class SavedMethod(Identified, Timestamped, Base):
    __tablename__ = "saved_methods"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"))
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    setup_reference: Mapped[str | None]
    customer_reference: Mapped[str | None]
    method_reference: Mapped[str | None]
    label: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    first_sent_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("id", "specialist_id", "client_id"),
        CheckConstraint(
            "provider IN ('stripe', 'razorpay', 'paytabs', 'sandbox')", name="provider"
        ),
        CheckConstraint(
            "status IN ('pending', 'ready', 'failed', 'removed')"
            " AND (status <> 'ready' OR method_reference IS NOT NULL)",
            name="status",
        ),
        CheckConstraint("length(label) <= 40", name="label"),
        CheckConstraint("attempts >= 0 AND fence >= 0", name="attempts"),
        Index(
            "ix_saved_methods_client_id",
            "client_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index("ix_saved_methods_specialist_id", "specialist_id"),
        Index("ix_saved_methods_setup_reference", "provider", "setup_reference"),
        Index(
            "ix_saved_methods_next_attempt_at",
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
        Index(
            "ix_saved_methods_pending",
            "created_at",
            postgresql_where=text("status = 'pending'"),
        ),
        {
            "comment": "Cards that a client lets a specialist charge later, by their names at the"
            " provider; never a card number.",
        },
    )


class SavedMethodAction(Base):
    __tablename__ = "saved_method_actions"

    method_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    next_action: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        PrimaryKeyConstraint(
            "method_id", "specialist_id", "client_id", name="pk_saved_method_actions"
        ),
        key_with_parties("method_id", "saved_methods", name="fk_saved_method_actions_method"),
        Index("ix_saved_method_actions_client_id", "client_id"),
        {
            "comment": "What the client's browser has to do to save a card, client secret included:"
            " the client alone reads it.",
        },
    )
