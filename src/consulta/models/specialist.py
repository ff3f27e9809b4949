"""Specialists: the public page, private contacts, fields, languages and rates."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped

_LISTED = text("is_verified")


class Specialist(Timestamped, Base):
    __tablename__ = "specialists"

    id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"), primary_key=True)
    full_name: Mapped[str]
    headline: Mapped[str | None]
    bio: Mapped[str | None]
    qualifications: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    time_zone: Mapped[str]
    photo_url: Mapped[str | None]
    letterhead_url: Mapped[str | None]
    is_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    verified_at: Mapped[datetime | None]
    is_accepting: Mapped[bool] = mapped_column(server_default=text("true"))
    auto_confirm: Mapped[bool] = mapped_column(server_default=text("false"))
    payment_provider: Mapped[str | None]
    cancellation_policy: Mapped[str] = mapped_column(server_default=text("'standard'"))
    cancellation_tiers: Mapped[list[Any] | None]
    minimum_notice_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    horizon_days: Mapped[int] = mapped_column(server_default=text("90"))
    buffer_before_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    confirmation_hours: Mapped[int] = mapped_column(SmallInteger, server_default=text("24"))
    rating_average: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    rating_count: Mapped[int] = mapped_column(server_default=text("0"))
    from_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    from_currency: Mapped[str | None]
    next_open_at: Mapped[datetime | None]
    next_open_checked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("length(full_name) BETWEEN 1 AND 200", name="full_name"),
        CheckConstraint("length(headline) <= 200", name="headline"),
        CheckConstraint("length(bio) <= 5000", name="bio"),
        CheckConstraint("jsonb_typeof(qualifications) = 'array'", name="qualifications"),
        CheckConstraint("length(time_zone) BETWEEN 1 AND 64", name="time_zone"),
        CheckConstraint("length(photo_url) <= 2000", name="photo_url"),
        CheckConstraint("length(letterhead_url) <= 2000", name="letterhead_url"),
        CheckConstraint("is_verified = (verified_at IS NOT NULL)", name="verified"),
        CheckConstraint(
            "payment_provider IN ('stripe', 'razorpay', 'paytabs', 'manual', 'sandbox')",
            name="payment_provider",
        ),
        CheckConstraint(
            "cancellation_policy IN ('standard', 'flexible', 'strict', 'no_refund', 'custom')",
            name="cancellation_policy",
        ),
        CheckConstraint(
            "(cancellation_policy = 'custom') = (cancellation_tiers IS NOT NULL)",
            name="cancellation_tiers",
        ),
        CheckConstraint("minimum_notice_minutes BETWEEN 0 AND 43200", name="minimum_notice"),
        CheckConstraint("horizon_days BETWEEN 1 AND 730", name="horizon"),
        CheckConstraint("buffer_before_minutes BETWEEN 0 AND 240", name="buffer_before"),
        CheckConstraint("confirmation_hours BETWEEN 1 AND 168", name="confirmation"),
        CheckConstraint("rating_average BETWEEN 1 AND 5 AND rating_count >= 0", name="rating"),
        CheckConstraint("from_price_minor >= 0", name="from_price"),
        Index(
            "ix_specialists_listed_rating",
            text("rating_average DESC NULLS LAST"),
            "id",
            postgresql_where=_LISTED,
        ),
        Index("ix_specialists_listed_price", "from_price_minor", "id", postgresql_where=_LISTED),
        Index("ix_specialists_listed_next_open", "next_open_at", "id", postgresql_where=_LISTED),
        Index("ix_specialists_listed_name", "full_name", "id", postgresql_where=_LISTED),
        Index(
            "ix_specialists_next_open_checked",
            text("next_open_checked_at NULLS FIRST"),
            postgresql_where=_LISTED,
        ),
        {"comment": "The public face of a specialist. Personal: full_name, bio, photo_url."},
    )


class SpecialistContact(Timestamped, Base):
    __tablename__ = "specialist_contacts"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"), primary_key=True)
    email: Mapped[str | None]
    phone: Mapped[str | None]
    verification_documents: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    __table_args__ = (
        CheckConstraint("length(email) <= 254", name="email"),
        CheckConstraint(r"phone ~ '^\+[0-9]{6,15}$'", name="phone"),
        CheckConstraint("jsonb_typeof(verification_documents) = 'array'", name="documents"),
        {
            "comment": "Private fields of a specialist: the owner and admins only. Personal: all.",
        },
    )


class SpecialistSpecialty(Base):
    __tablename__ = "specialist_specialties"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    specialty: Mapped[str]
    specialty_key: Mapped[str | None] = mapped_column(Computed("lower(specialty)", persisted=True))

    __table_args__ = (
        PrimaryKeyConstraint("specialist_id", "specialty", name="pk_specialist_specialties"),
        CheckConstraint("length(specialty) BETWEEN 1 AND 80", name="length"),
        Index("ix_specialist_specialties_key", "specialty_key", "specialist_id"),
        {"comment": "Fields of work, one row each, compared with equality."},
    )


class SpecialistLanguage(Base):
    __tablename__ = "specialist_languages"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    language: Mapped[str]
    language_key: Mapped[str | None] = mapped_column(Computed("lower(language)", persisted=True))

    __table_args__ = (
        PrimaryKeyConstraint("specialist_id", "language", name="pk_specialist_languages"),
        CheckConstraint("length(language) BETWEEN 1 AND 80", name="length"),
        Index("ix_specialist_languages_key", "language_key", "specialist_id"),
        {"comment": "Languages spoken, one row each, compared with equality."},
    )


class SpecialistRate(Identified, Timestamped, Base):
    __tablename__ = "specialist_rates"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    kind: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    duration_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        UniqueConstraint("specialist_id", "kind"),
        UniqueConstraint("id", "specialist_id"),
        CheckConstraint("kind ~ '^[a-z][a-z0-9_]{0,39}$'", name="kind"),
        CheckConstraint("length(name) BETWEEN 1 AND 120", name="name"),
        CheckConstraint("length(description) <= 2000", name="description"),
        CheckConstraint("price_minor BETWEEN 0 AND 10000000000", name="price"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("duration_minutes BETWEEN 5 AND 1440", name="duration"),
        {
            "comment": "Bookable kinds of session: price in minor units (D7), length in minutes"
            " (null: the slot length).",
        },
    )
