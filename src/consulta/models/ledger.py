"""The double-entry ledger of money that moved, and receipts numbered without gaps."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, key_with_parties


class LedgerEntry(Identified, Base):
    __tablename__ = "ledger_entries"

    transaction_id: Mapped[UUID]
    payment_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    kind: Mapped[str]
    account: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        key_with_parties("payment_id", "payments", name="fk_ledger_entries_payment"),
        CheckConstraint(
            "kind IN ('capture', 'refund', 'refund_failed', 'dispute', 'dispute_won')", name="kind"
        ),
        CheckConstraint(
            "account IN ('gateway', 'by_hand', 'specialist', 'disputed')", name="account"
        ),
        CheckConstraint("amount_minor <> 0", name="amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("ix_ledger_entries_payment_id", "payment_id", "created_at", "id"),
        Index("ix_ledger_entries_transaction_id", "transaction_id"),
        Index(
            "ix_ledger_entries_specialist_id",
            "specialist_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        {
            "comment": "Every movement of money twice, once on each account: insert-only; the"
            " entries of a transaction sum to zero in each currency.",
        },
    )


class ReceiptCounter(Base):
    __tablename__ = "receipt_counters"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"), primary_key=True)
    last_number: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))

    __table_args__ = (
        CheckConstraint("last_number >= 0", name="last_number"),
        {
            "comment": "The last receipt number of each specialist: the lock that keeps numbers"
            " without gaps.",
        },
    )


class Receipt(Identified, Base):
    __tablename__ = "receipts"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    client_id: Mapped[UUID]
    payment_id: Mapped[UUID]
    transaction_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    details: Mapped[dict[str, Any]]
    issued_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        UniqueConstraint("specialist_id", "number", name="uq_receipts_number"),
        UniqueConstraint(
            "transaction_id", "specialist_id", "client_id", name="uq_receipts_transaction_id"
        ),
        key_with_parties("payment_id", "payments", name="fk_receipts_payment"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("kind IN ('receipt', 'credit_note', 'reversal')", name="kind"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("ix_receipts_payment_id", "payment_id"),
        Index("ix_receipts_client_id", "client_id", text("issued_at DESC")),
        {
            "comment": "One for each capture, each refund and each refund that came back, numbered"
            " per specialist without gaps; immutable. Personal: details.",
        },
    )
