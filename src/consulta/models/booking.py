"""Bookings, every move of their status or in time, proposed times, and cancellations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties


class Booking(Identified, Timestamped, Base):
    __tablename__ = "bookings"

    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    rate_id: Mapped[UUID]
    slot_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    total_minor: Mapped[int] = mapped_column(
        BigInteger, Computed("price_minor - discount_minor", persisted=True)
    )
    currency: Mapped[str]
    policy: Mapped[str]
    policy_tiers: Mapped[list[Any] | None]
    auto_confirm: Mapped[bool] = mapped_column(server_default=text("false"))
    expires_at: Mapped[datetime | None]
    capture_requested_at: Mapped[datetime | None]
    intake_completed: Mapped[bool] = mapped_column(server_default=text("false"))
    note: Mapped[str | None]
    booked_by: Mapped[UUID]
    coupon_id: Mapped[UUID | None] = mapped_column(ForeignKey("app.coupons.id"))
    coupon_code: Mapped[str | None]
    package_purchase_id: Mapped[UUID | None]
    recurring_booking_id: Mapped[UUID | None]
    tier_starts_at: Mapped[datetime | None]
    booked_anyway: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        UniqueConstraint("id", "specialist_id", "client_id"),
        UniqueConstraint("slot_id"),
        ForeignKeyConstraint(
            ["rate_id", "specialist_id"],
            ["app.specialist_rates.id", "app.specialist_rates.specialist_id"],
            name="fk_bookings_rate",
        ),
        ForeignKeyConstraint(
            ["slot_id", "specialist_id"],
            ["app.slots.id", "app.slots.specialist_id"],
            name="fk_bookings_slot",
        ),
        key_with_parties(
            "package_purchase_id", "package_purchases", name="fk_bookings_package_purchase"
        ),
        key_with_parties(
            "recurring_booking_id", "recurring_bookings", name="fk_bookings_recurring_booking"
        ),
        CheckConstraint(
            "status IN ('pending_payment', 'awaiting_confirmation', 'confirmed', 'completed',"
            " 'no_show', 'cancelled', 'declined', 'expired', 'refunded')",
            name="status",
        ),
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("revision >= 0", name="revision"),
        CheckConstraint("client_id <> specialist_id", name="parties"),
        CheckConstraint(
            "price_minor >= 0 AND discount_minor BETWEEN 0 AND price_minor", name="price"
        ),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("status <> 'pending_payment' OR expires_at IS NOT NULL", name="expires"),
        CheckConstraint("length(note) <= 2000", name="note"),
        CheckConstraint("(coupon_id IS NULL) = (coupon_code IS NULL)", name="coupon"),
        CheckConstraint("coupon_id IS NULL OR package_purchase_id IS NULL", name="one_discount"),
        Index(
            "ix_bookings_client_id_created_at",
            "client_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_bookings_specialist_id_created_at",
            "specialist_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index("ix_bookings_specialist_id_starts_at", "specialist_id", "starts_at"),
        Index(
            "ix_bookings_expires_at",
            "expires_at",
            postgresql_where=text("status IN ('pending_payment', 'awaiting_confirmation')"),
        ),
        Index(
            "ix_bookings_confirmed_ends_at",
            "ends_at",
            postgresql_where=text("status = 'confirmed'"),
        ),
        Index(
            "ix_bookings_coupon_id",
            "coupon_id",
            postgresql_where=text("coupon_id IS NOT NULL"),
        ),
        Index(
            "ix_bookings_package_purchase_id",
            "package_purchase_id",
            postgresql_where=text("package_purchase_id IS NOT NULL"),
        ),
        Index(
            "ix_bookings_recurring_booking_id",
            "recurring_booking_id",
            "starts_at",
            postgresql_where=text("recurring_booking_id IS NOT NULL"),
        ),
        {
            "comment": "One session between a client and a specialist; price and policy are"
            " snapshots (D7). Personal: note.",
        },
    )


class BookingStatusHistory(Identified, Base):
    __tablename__ = "booking_status_history"

    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_kind: Mapped[str]
    reason: Mapped[str | None]
    request_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        CheckConstraint(
            "actor_kind IN ('client', 'specialist', 'admin', 'system')", name="actor_kind"
        ),
        Index("ix_booking_status_history_booking_id", "booking_id", "at"),
        {
            "comment": "Every move of a booking's status, written by the trigger alone;"
            " append-only.",
        },
    )


class BookingCancellation(Identified, Base):
    __tablename__ = "booking_cancellations"

    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    cancelled_by: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    cancelled_by_kind: Mapped[str]
    reason: Mapped[str | None]
    reason_code: Mapped[str | None]
    cancellation_policy_applied: Mapped[str]
    refund_percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    refund_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    currency: Mapped[str]
    credit_returned: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        UniqueConstraint(
            "booking_id", "specialist_id", "client_id", name="uq_booking_cancellations_booking_id"
        ),
        key_with_parties("booking_id", "bookings", name="fk_booking_cancellations_booking"),
        CheckConstraint("cancelled_by_kind IN ('client', 'specialist', 'admin')", name="kind"),
        CheckConstraint("length(reason) <= 1000", name="reason"),
        CheckConstraint(
            "reason_code IN ('schedule_conflict', 'illness', 'emergency', 'no_longer_needed',"
            " 'found_alternative', 'price', 'technical_problem', 'specialist_unavailable',"
            " 'duplicate', 'other')",
            name="reason_code",
        ),
        CheckConstraint("refund_minor >= 0", name="refund"),
        CheckConstraint("refund_percent BETWEEN 0 AND 100", name="refund_percent"),
        Index("ix_booking_cancellations_cancelled_by", "cancelled_by"),
        Index(
            "ix_booking_cancellations_specialist_id",
            "specialist_id",
            text("created_at DESC"),
        ),
        {
            "comment": "One immutable record per cancelled or declined booking: who, why, by which"
            " policy, how much. Personal: reason.",
        },
    )


class BookingReschedule(Identified, Base):
    __tablename__ = "booking_reschedules"

    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    revision: Mapped[int]
    from_starts_at: Mapped[datetime]
    from_ends_at: Mapped[datetime]
    to_starts_at: Mapped[datetime]
    to_ends_at: Mapped[datetime]
    moved_by: Mapped[UUID | None] = mapped_column(ForeignKey("app.users.id"))
    moved_by_kind: Mapped[str]
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        key_with_parties("booking_id", "bookings", name="fk_booking_reschedules_booking"),
        CheckConstraint("moved_by_kind IN ('client', 'specialist', 'admin')", name="kind"),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint(
            "from_starts_at < from_ends_at AND to_starts_at < to_ends_at", name="order"
        ),
        CheckConstraint("length(reason) <= 1000", name="reason"),
        Index("uq_booking_reschedules_revision", "booking_id", "revision", unique=True),
        Index("ix_booking_reschedules_moved_by", "moved_by"),
        {
            "comment": "Every move of a session in time: who, from, to; append-only."
            " Personal: reason.",
        },
    )


class BookingProposal(Identified, Timestamped, Base):
    __tablename__ = "booking_proposals"

    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    anyway: Mapped[bool] = mapped_column(server_default=text("false"))
    message: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))

    __table_args__ = (
        key_with_parties("booking_id", "bookings", name="fk_booking_proposals_booking"),
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'replaced')", name="state"),
        CheckConstraint("length(message) <= 1000", name="message"),
        Index(
            "uq_booking_proposals_open",
            "booking_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_booking_proposals_booking_id", "booking_id", "created_at"),
        Index("ix_booking_proposals_proposed_by", "proposed_by"),
        {
            "comment": "Another time that the specialist proposes for a session; the client accepts"
            " or declines. Personal: message.",
        },
    )
