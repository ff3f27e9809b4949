"""Payments as a projection of the provider's truth, and the operations that make it move (D6)."""

from datetime import datetime
from typing import Any
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

_OPEN = "state IN ('pending', 'leased', 'in_doubt')"


class Payment(Identified, Timestamped, Base):
    __tablename__ = "payments"

    booking_id: Mapped[UUID | None]
    package_purchase_id: Mapped[UUID | None]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    purpose: Mapped[str] = mapped_column(server_default=text("'booking'"))
    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"))
    provider_reference: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    authorized_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    captured_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    refunded_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    is_disputed: Mapped[bool] = mapped_column(server_default=text("false"))
    dispute_reference: Mapped[str | None]
    dispute_status: Mapped[str | None]
    dispute_reason: Mapped[str | None]
    dispute_minor: Mapped[int | None] = mapped_column(BigInteger)
    contested_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lost_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    capture_before: Mapped[datetime | None]
    expiry_warned_at: Mapped[datetime | None]
    read_again_at: Mapped[datetime | None] = mapped_column(
        server_default=text("app.now() + interval '10 minutes'")
    )
    saved_method_id: Mapped[UUID | None]
    authorize_from: Mapped[datetime | None]
    last_error: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("id", "specialist_id", "client_id"),
        UniqueConstraint(
            "provider", "account", "provider_reference", name="uq_payments_provider_reference"
        ),
        key_with_parties("booking_id", "bookings", name="fk_payments_booking"),
        key_with_parties(
            "package_purchase_id", "package_purchases", name="fk_payments_package_purchase"
        ),
        key_with_parties("saved_method_id", "saved_methods", name="fk_payments_saved_method"),
        CheckConstraint("purpose IN ('booking', 'package')", name="purpose"),
        CheckConstraint(
            "(purpose = 'booking') = (booking_id IS NOT NULL)"
            " AND (purpose = 'package') = (package_purchase_id IS NOT NULL)",
            name="subject",
        ),
        CheckConstraint(
            "provider IN ('stripe', 'razorpay', 'paytabs', 'manual', 'sandbox')", name="provider"
        ),
        CheckConstraint(
            "status IN ('pending', 'requires_action', 'processing', 'authorized', 'paid',"
            " 'partially_refunded', 'refunded', 'failed', 'cancelled')",
            name="status",
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("captured_minor BETWEEN 0 AND amount_minor", name="captured"),
        CheckConstraint("refunded_minor BETWEEN 0 AND captured_minor", name="refunded"),
        CheckConstraint(
            "dispute_status IN ('inquiry', 'open', 'won', 'lost', 'closed')", name="dispute_status"
        ),
        CheckConstraint("dispute_minor > 0", name="dispute_minor"),
        CheckConstraint(
            "dispute_status IS NOT NULL"
            " OR dispute_reference IS NULL AND dispute_reason IS NULL AND dispute_minor IS NULL",
            name="dispute_begun",
        ),
        CheckConstraint(
            "dispute_status IS NULL OR is_disputed = (dispute_status IN ('inquiry', 'open'))",
            name="dispute_stands",
        ),
        CheckConstraint("contested_minor BETWEEN 0 AND captured_minor", name="contested"),
        CheckConstraint("lost_minor BETWEEN 0 AND contested_minor", name="lost"),
        Index("ix_payments_booking_id", "booking_id"),
        Index(
            "uq_payments_live_booking",
            "booking_id",
            unique=True,
            postgresql_where=text("status NOT IN ('failed', 'cancelled')"),
        ),
        Index(
            "ix_payments_package_purchase_id",
            "package_purchase_id",
            postgresql_where=text("package_purchase_id IS NOT NULL"),
        ),
        Index(
            "uq_payments_live_package",
            "package_purchase_id",
            unique=True,
            postgresql_where=text(
                "package_purchase_id IS NOT NULL AND status NOT IN ('failed', 'cancelled')"
            ),
        ),
        Index("ix_payments_client_id", "client_id", text("created_at DESC")),
        Index("ix_payments_specialist_id", "specialist_id", text("created_at DESC")),
        Index(
            "ix_payments_capture_before",
            "capture_before",
            postgresql_where=text("status = 'authorized'"),
        ),
        Index(
            "ix_payments_read_again_at",
            "read_again_at",
            postgresql_where=text("read_again_at IS NOT NULL"),
        ),
        Index(
            "ix_payments_saved_method_id",
            "saved_method_id",
            postgresql_where=text("saved_method_id IS NOT NULL"),
        ),
        Index(
            "ix_payments_authorize_from",
            "authorize_from",
            postgresql_where=text("authorize_from IS NOT NULL AND status = 'pending'"),
        ),
        {
            "comment": "What we know of a charge at its provider, in minor units. Written by the"
            " worker; both parties read.",
        },
    )


class PaymentAction(Timestamped, Base):
    __tablename__ = "payment_actions"

    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    next_action: Mapped[dict[str, Any] | None]

    __table_args__ = (
        key_with_parties("payment_id", "payments", name="fk_payment_actions_payment"),
        Index("ix_payment_actions_client_id", "client_id"),
        {
            "comment": "What the payer's browser has to do next, client secret included: the payer"
            " alone reads it.",
        },
    )


class PaymentOperation(Identified, Timestamped, Base):
    __tablename__ = "payment_operations"

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("app.payments.id"))
    kind: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    params: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    params_hash: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    first_sent_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    provider_reference: Mapped[str | None]
    last_error: Mapped[str | None]
    same_error_count: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    replaces: Mapped[UUID | None] = mapped_column(
        ForeignKey("app.payment_operations.id", name="fk_payment_operations_replaces")
    )
    requested_by: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint("kind IN ('authorize', 'capture', 'cancel', 'refund')", name="kind"),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("state IN ('pending', 'leased', 'in_doubt', 'done', 'dead')", name="state"),
        CheckConstraint("state <> 'leased' OR lease_until IS NOT NULL", name="leased"),
        CheckConstraint("attempts >= 0 AND fence >= 0", name="attempts"),
        Index("ix_payment_operations_payment_id", "payment_id", "created_at"),
        Index("ix_payment_operations_replaces", "replaces"),
        Index("ix_payment_operations_due", "next_attempt_at", postgresql_where=text(_OPEN)),
        Index(
            "uq_payment_operations_capture_or_cancel",
            "payment_id",
            unique=True,
            postgresql_where=text("kind IN ('capture', 'cancel') AND state <> 'dead'"),
        ),
        Index(
            "uq_payment_operations_authorize",
            "payment_id",
            unique=True,
            postgresql_where=text(f"kind = 'authorize' AND {_OPEN}"),
        ),
        {
            "comment": "What must happen at a provider: the unit of retry; its id is the"
            " idempotency key (D6).",
        },
    )


class PaymentDispute(Identified, Timestamped, Base):
    __tablename__ = "payment_disputes"

    payment_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    reference: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        key_with_parties("payment_id", "payments", name="fk_payment_disputes_payment"),
        UniqueConstraint(
            "payment_id", "reference", name="uq_payment_disputes_payment_id_reference"
        ),
        CheckConstraint("state IN ('inquiry', 'open', 'won', 'lost', 'closed')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount"),
        {
            "comment": "Each complaint of a payer at the bank by itself, under the provider's name"
            " for it; without one where the provider only says that there is one.",
        },
    )


class SandboxCharge(Timestamped, Base):
    __tablename__ = "sandbox_charges"

    reference: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[str]
    state: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    __table_args__ = (
        Index("ix_sandbox_charges_payment_id", "payment_id"),
        Index("ix_sandbox_charges_created_at", "created_at"),
        {
            "comment": "The books of the sandbox provider, which moves no money."
            " The worker alone reads it.",
        },
    )
