"""The calendar: weekly rules, exceptions, the lock row, and claims under their constraint (D1)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped

_LIVE = "status IN ('held', 'booked')"


class AvailabilityRule(Identified, Timestamped, Base):
    __tablename__ = "availability_rules"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts_minute: Mapped[int] = mapped_column(SmallInteger)
    ends_minute: Mapped[int] = mapped_column(SmallInteger)
    slot_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("30"))
    buffer_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    max_bookings_per_day: Mapped[int | None] = mapped_column(SmallInteger)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint(
            "starts_minute >= 0 AND ends_minute <= 1440 AND starts_minute < ends_minute",
            name="window",
        ),
        CheckConstraint("slot_minutes BETWEEN 5 AND 1440", name="slot"),
        CheckConstraint("buffer_minutes BETWEEN 0 AND 240", name="buffer"),
        CheckConstraint("max_bookings_per_day BETWEEN 1 AND 288", name="cap"),
        Index("ix_availability_rules_specialist_id", "specialist_id", "weekday"),
        {
            "comment": "Weekly hours in minutes of the specialist's local day, 0-1440;"
            " weekday 0 is Sunday (D2).",
        },
    )


class AvailabilityException(Identified, Timestamped, Base):
    __tablename__ = "specialist_availability_exceptions"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    exception_date: Mapped[date]
    is_available: Mapped[bool]
    starts_minute: Mapped[int | None] = mapped_column(SmallInteger)
    ends_minute: Mapped[int | None] = mapped_column(SmallInteger)
    range_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("id", "specialist_id"),
        CheckConstraint(
            "(starts_minute IS NULL AND ends_minute IS NULL AND NOT is_available)"
            " OR (starts_minute IS NOT NULL AND ends_minute IS NOT NULL AND starts_minute >= 0"
            " AND ends_minute <= 1440 AND starts_minute < ends_minute)",
            name="window",
        ),
        Index(
            "ix_specialist_availability_exceptions_date",
            "specialist_id",
            "exception_date",
        ),
        Index(
            "ix_specialist_availability_exceptions_range_id",
            "range_id",
            postgresql_where=text("range_id IS NOT NULL"),
        ),
        {
            "comment": "A local date that differs: blocked (all day or part), or custom hours that"
            " replace the rules.",
        },
    )


class AvailabilityExceptionReason(Base):
    __tablename__ = "availability_exception_reasons"

    exception_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    reason: Mapped[str]
    note: Mapped[str | None]

    __table_args__ = (
        PrimaryKeyConstraint(
            "exception_id", "specialist_id", name="pk_availability_exception_reasons"
        ),
        ForeignKeyConstraint(
            ["exception_id", "specialist_id"],
            [
                "app.specialist_availability_exceptions.id",
                "app.specialist_availability_exceptions.specialist_id",
            ],
            name="fk_availability_exception_reasons_exception",
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "reason IN ('vacation', 'sick_leave', 'personal', 'training', 'conference', 'other')",
            name="reason",
        ),
        CheckConstraint("length(note) <= 500", name="note"),
        Index("ix_availability_exception_reasons_specialist_id", "specialist_id"),
        {
            "comment": "Why a date differs: the specialist and admins only."
            " Personal: reason, note.",
        },
    )


class Calendar(Base):
    __tablename__ = "calendars"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        CheckConstraint("revision >= 0", name="revision"),
        {
            "comment": "One row per specialist: the lock of the calendar, and the count of its"
            " changes (D3).",
            "postgresql_with": {"fillfactor": 50},
        },
    )


class Slot(Identified, Timestamped, Base):
    __tablename__ = "slots"

    # The type is said because it is not inherited over two foreign keys.
    specialist_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("app.calendars.specialist_id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    session_starts_at: Mapped[datetime]
    session_ends_at: Mapped[datetime]
    status: Mapped[str]
    held_until: Mapped[datetime | None]
    held_by: Mapped[UUID | None]
    hold_token_hash: Mapped[bytes | None]
    rate_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("id", "specialist_id"),
        CheckConstraint("status IN ('held', 'booked', 'released')", name="status"),
        CheckConstraint(
            "starts_at <= session_starts_at AND session_starts_at < session_ends_at"
            " AND session_ends_at <= ends_at",
            name="order",
        ),
        CheckConstraint("status <> 'held' OR held_until IS NOT NULL", name="held"),
        CheckConstraint("length(hold_token_hash) = 32", name="hold_token"),
        ExcludeConstraint(
            ("specialist_id", "="),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            where=text(_LIVE),
            using="gist",
            name="slots_no_overlap_excl",
        ),
        Index("ix_slots_live", "specialist_id", "ends_at", postgresql_where=text(_LIVE)),
        Index("ix_slots_held_until", "held_until", postgresql_where=text("status = 'held'")),
        Index("ix_slots_held_by", "held_by", postgresql_where=text("status = 'held'")),
        {
            "comment": "Claims: spans with both buffers that are held or booked. People reach them"
            " through functions only (D3).",
        },
    )
