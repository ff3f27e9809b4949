"""Packages on offer, packages as they were bought, and the ledger of their credits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties

_RATE = ["rate_id", "specialist_id"]
_RATE_OF_SPECIALIST = ["app.specialist_rates.id", "app.specialist_rates.specialist_id"]


class BookingPackage(Identified, Timestamped, Base):
    __tablename__ = "booking_packages"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    rate_id: Mapped[UUID]
    name: Mapped[str]
    description: Mapped[str | None]
    session_count: Mapped[int] = mapped_column(SmallInteger)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    discount_percentage: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    valid_for_days: Mapped[int | None] = mapped_column(SmallInteger)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        UniqueConstraint("id", "specialist_id"),
        ForeignKeyConstraint(_RATE, _RATE_OF_SPECIALIST, name="fk_booking_packages_rate"),
        CheckConstraint("length(name) BETWEEN 1 AND 120", name="name"),
        CheckConstraint("length(description) <= 2000", name="description"),
        CheckConstraint("session_count BETWEEN 1 AND 500", name="session_count"),
        CheckConstraint("price_minor BETWEEN 0 AND 10000000000", name="price"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(
            "discount_percentage BETWEEN 0 AND 100"
            " AND (discount_percentage < 100 OR price_minor = 0)",
            name="discount",
        ),
        CheckConstraint("valid_for_days BETWEEN 1 AND 3650", name="valid_for_days"),
        Index(
            "ix_booking_packages_specialist_id",
            "specialist_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index("ix_booking_packages_rate_id", "rate_id"),
        {
            "comment": "Several sessions sold at once: price_minor is what the buyer pays, already"
            " discounted; a credit buys the named rate.",
        },
    )


class PackagePurchase(Identified, Timestamped, Base):
    __tablename__ = "package_purchases"

    package_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    rate_id: Mapped[UUID]
    name: Mapped[str]
    session_count: Mapped[int] = mapped_column(SmallInteger)
    credits_left: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    valid_for_days: Mapped[int | None] = mapped_column(SmallInteger)
    status: Mapped[str]
    expires_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("id", "specialist_id", "client_id"),
        ForeignKeyConstraint(
            ["package_id", "specialist_id"],
            ["app.booking_packages.id", "app.booking_packages.specialist_id"],
            name="fk_package_purchases_package",
        ),
        ForeignKeyConstraint(_RATE, _RATE_OF_SPECIALIST, name="fk_package_purchases_rate"),
        CheckConstraint("client_id <> specialist_id", name="parties"),
        CheckConstraint(
            "session_count > 0 AND credits_left BETWEEN 0 AND session_count", name="credits"
        ),
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(
            "status IN ('pending_payment', 'active', 'cancelled', 'expired', 'refunded')",
            name="status",
        ),
        CheckConstraint("(status = 'pending_payment') <= (expires_at IS NOT NULL)", name="expires"),
        CheckConstraint("(status = 'active') <= (activated_at IS NOT NULL)", name="activated"),
        Index("ix_package_purchases_package_id", "package_id"),
        Index("ix_package_purchases_rate_id", "rate_id"),
        Index(
            "ix_package_purchases_client_id",
            "client_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_package_purchases_specialist_id",
            "specialist_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_package_purchases_expires_at",
            "expires_at",
            postgresql_where=text("status = 'pending_payment'"),
        ),
        Index(
            "ix_package_purchases_valid_until",
            "valid_until",
            postgresql_where=text("status = 'active'"),
        ),
        {
            "comment": "A package as it was bought, and how many credits are left: always the sum"
            " of its ledger.",
        },
    )


class PackageCredit(Identified, Base):
    __tablename__ = "package_credits"

    purchase_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    kind: Mapped[str]
    credits: Mapped[int] = mapped_column(SmallInteger)
    booking_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        key_with_parties("purchase_id", "package_purchases", name="fk_package_credits_purchase"),
        key_with_parties("booking_id", "bookings", name="fk_package_credits_booking"),
        CheckConstraint(
            "CASE kind"
            " WHEN 'granted' THEN credits > 0 AND booking_id IS NULL"
            " WHEN 'reserved' THEN credits = -1 AND booking_id IS NOT NULL"
            " WHEN 'used' THEN credits = 0 AND booking_id IS NOT NULL"
            " WHEN 'returned' THEN credits = 1 AND booking_id IS NOT NULL"
            " WHEN 'expired' THEN credits < 0 AND booking_id IS NULL"
            " WHEN 'refunded' THEN credits < 0 AND booking_id IS NULL"
            " ELSE false END",
            name="kind",
        ),
        Index("ix_package_credits_purchase_id", "purchase_id", "created_at", "id"),
        Index(
            "ix_package_credits_booking_id",
            "booking_id",
            postgresql_where=text("booking_id IS NOT NULL"),
        ),
        Index(
            "uq_package_credits_reserved",
            "booking_id",
            unique=True,
            postgresql_where=text("kind = 'reserved'"),
        ),
        Index(
            "uq_package_credits_settled",
            "booking_id",
            unique=True,
            postgresql_where=text("kind IN ('used', 'returned')"),
        ),
        {
            "comment": "The ledger of credits, append-only: granted, reserved for a booking, used"
            " or returned by it, expired, refunded. The sum of a purchase is what is left of it.",
        },
    )
