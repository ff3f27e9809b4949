"""Coupons, and one row for each booking that used one."""

from datetime import datetime
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


class Coupon(Identified, Timestamped, Base):
    __tablename__ = "coupons"

    specialist_id: Mapped[UUID | None] = mapped_column(ForeignKey("app.specialists.id"))
    code: Mapped[str]
    description: Mapped[str | None]
    kind: Mapped[str]
    percent: Mapped[int | None] = mapped_column(SmallInteger)
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    minimum_minor: Mapped[int | None] = mapped_column(BigInteger)
    most_uses: Mapped[int | None]
    most_uses_per_client: Mapped[int | None]
    used_count: Mapped[int] = mapped_column(server_default=text("0"))
    valid_from: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    valid_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'", name="code"),
        CheckConstraint("length(description) <= 500", name="description"),
        CheckConstraint(
            "(kind = 'percent' AND percent BETWEEN 1 AND 100 AND amount_minor IS NULL)"
            " OR (kind = 'fixed' AND amount_minor BETWEEN 1 AND 10000000000 AND percent IS NULL"
            " AND currency IS NOT NULL)",
            name="kind",
        ),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(
            "minimum_minor IS NULL OR (minimum_minor > 0 AND currency IS NOT NULL)",
            name="minimum",
        ),
        CheckConstraint("most_uses BETWEEN 1 AND 1000000", name="most_uses"),
        CheckConstraint("most_uses_per_client BETWEEN 1 AND 1000", name="most_uses_per_client"),
        CheckConstraint("used_count >= 0", name="used_count"),
        CheckConstraint("valid_until IS NULL OR valid_from < valid_until", name="valid"),
        Index(
            "uq_coupons_specialist_id_code",
            "specialist_id",
            "code",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        {
            "comment": "Discounts by code: of one specialist, or of the house where there is none."
            " used_count is the number of usages that are counted; what was returned is counted"
            " off by the next use.",
        },
    )


class CouponUsage(Identified, Base):
    __tablename__ = "coupon_usages"

    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("app.coupons.id"))
    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'used'"))
    is_counted: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    returned_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint(
            "booking_id", "specialist_id", "client_id", name="uq_coupon_usages_booking_id"
        ),
        key_with_parties("booking_id", "bookings", name="fk_coupon_usages_booking"),
        CheckConstraint("discount_minor >= 0", name="discount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(
            "state IN ('used', 'returned') AND (state = 'returned') = (returned_at IS NOT NULL)",
            name="state",
        ),
        CheckConstraint("is_counted OR state = 'returned'", name="counted"),
        Index("ix_coupon_usages_coupon_id", "coupon_id", "client_id", "state"),
        Index("ix_coupon_usages_coupon_id_id", "coupon_id", "id"),
        Index(
            "ix_coupon_usages_returned",
            "coupon_id",
            postgresql_where=text("state = 'returned' AND is_counted"),
        ),
        Index("ix_coupon_usages_client_id", "client_id", text("created_at DESC")),
        {
            "comment": "One row for each booking that used a coupon; returned when the booking came"
            " to nothing. is_counted until the coupon's used_count is told of the return.",
        },
    )
