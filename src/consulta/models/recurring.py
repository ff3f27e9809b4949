"""Series, and what became of each of their dates (D13)."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import (
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


class RecurringBooking(Identified, Timestamped, Base):
    __tablename__ = "recurring_bookings"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    rate_id: Mapped[UUID]
    frequency: Mapped[str]
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    local_time: Mapped[time] = mapped_column(server_default=text("'10:00'"))
    anchor_day: Mapped[int] = mapped_column(SmallInteger)
    payment_mode: Mapped[str]
    package_purchase_id: Mapped[UUID | None]
    saved_method_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    is_active: Mapped[bool] = mapped_column(Computed("status = 'active'", persisted=True))
    next_booking_date: Mapped[date | None]
    last_generated_date: Mapped[date | None]
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    note: Mapped[str | None]
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    failed_attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))

    __table_args__ = (
        UniqueConstraint("id", "specialist_id", "client_id"),
        ForeignKeyConstraint(
            ["rate_id", "specialist_id"],
            ["app.specialist_rates.id", "app.specialist_rates.specialist_id"],
            name="fk_recurring_bookings_rate",
        ),
        key_with_parties(
            "package_purchase_id",
            "package_purchases",
            name="fk_recurring_bookings_package_purchase",
        ),
        key_with_parties(
            "saved_method_id", "saved_methods", name="fk_recurring_bookings_saved_method"
        ),
        CheckConstraint("client_id <> specialist_id", name="parties"),
        CheckConstraint("frequency IN ('weekly', 'biweekly', 'monthly')", name="frequency"),
        CheckConstraint("end_date IS NULL OR start_date <= end_date", name="dates"),
        CheckConstraint("local_time < '24:00'", name="local_time"),
        CheckConstraint("anchor_day BETWEEN 1 AND 31", name="anchor_day"),
        CheckConstraint(
            "payment_mode IN ('per_session', 'package', 'manual', 'saved_card')"
            " AND (payment_mode = 'package') = (package_purchase_id IS NOT NULL)",
            name="payment_mode",
        ),
        CheckConstraint(
            "(payment_mode = 'saved_card') = (saved_method_id IS NOT NULL)", name="saved_card"
        ),
        CheckConstraint(
            "status IN ('active', 'paused', 'ended')"
            " AND (status = 'ended') = (ended_at IS NOT NULL)",
            name="status",
        ),
        CheckConstraint("status <> 'active' OR next_booking_date IS NOT NULL", name="next"),
        CheckConstraint("length(note) <= 2000", name="note"),
        CheckConstraint("revision >= 0 AND failed_attempts >= 0", name="counts"),
        Index(
            "ix_recurring_bookings_client_id",
            "client_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_recurring_bookings_specialist_id",
            "specialist_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_recurring_bookings_package_purchase_id",
            "package_purchase_id",
            postgresql_where=text("package_purchase_id IS NOT NULL"),
        ),
        Index(
            "ix_recurring_bookings_saved_method_id",
            "saved_method_id",
            postgresql_where=text("saved_method_id IS NOT NULL"),
        ),
        {
            # Every date of a series moves its row on: its old and its new state share a page.
            "postgresql_with": {"fillfactor": 50},
            "comment": "A series at the specialist's local wall time, from which a dispatcher makes"
            " ordinary bookings (D13). Personal: note.",
        },
    )


class RecurringBookingOccurrence(Identified, Base):
    __tablename__ = "recurring_booking_occurrences"

    recurring_booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    local_date: Mapped[date]
    starts_at: Mapped[datetime]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    booking_id: Mapped[UUID | None]
    series_revision: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        # With the parties, so that a stranger's try cannot collide with a row that he may not see.
        UniqueConstraint(
            "recurring_booking_id",
            "local_date",
            "specialist_id",
            "client_id",
            name="uq_recurring_booking_occurrences_date",
        ),
        key_with_parties(
            "recurring_booking_id",
            "recurring_bookings",
            name="fk_recurring_booking_occurrences_recurring_booking",
        ),
        key_with_parties("booking_id", "bookings", name="fk_recurring_booking_occurrences_booking"),
        CheckConstraint(
            "(outcome = 'booked' AND booking_id IS NOT NULL AND reason IS NULL)"
            " OR (outcome = 'skipped' AND booking_id IS NULL AND reason IS NOT NULL)",
            name="outcome",
        ),
        CheckConstraint(
            "reason IN ('taken', 'closed', 'day_full', 'not_accepting', 'no_rate', 'no_credit',"
            " 'in_the_past', 'left_out')",
            name="reason",
        ),
        Index(
            "ix_recurring_booking_occurrences_booking_id",
            "booking_id",
            postgresql_where=text("booking_id IS NOT NULL"),
        ),
        {
            "comment": "What became of each date of a series: a booking, or the reason why there"
            " is none.",
        },
    )
