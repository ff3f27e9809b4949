"""What is said about a series."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from consulta.features.bookings.status import BookingStatus
from consulta.features.recurring import rules
from consulta.features.recurring.queries.series import Series
from consulta.features.recurring.schemas.words import Frequency, PaymentMode, Status
from consulta.features.saved_methods.bodies import SavedMethodOut
from consulta.platform.http.schema import Answer, MoneyOut


class OccurrenceOut(Answer):
    """What became of a date: a booking, or the reason why there is none."""

    local_date: date
    starts_at: datetime
    outcome: Literal["booked", "skipped"]
    reason: (
        Literal[
            "taken",
            "closed",
            "day_full",
            "not_accepting",
            "no_rate",
            "no_credit",
            "in_the_past",
            "left_out",
        ]
        | None
    ) = Field(description="Why it was skipped; `left_out` where somebody asked for it.")
    booking_id: UUID | None
    booking_status: BookingStatus | None


class UpcomingOut(Answer):
    """A date that will be booked when its time has come."""

    local_date: date
    starts_at: datetime


class SeriesCard(Answer):
    id: UUID
    status: Status
    revision: int
    specialist_id: UUID
    specialist_name: str | None
    client_id: UUID
    client_name: str | None
    rate_id: UUID
    frequency: Frequency
    start_date: date
    end_date: date | None
    local_time: str = Field(examples=["10:00"])
    time_zone: str | None = Field(description="The specialist's, by whose clock the series runs.")
    payment_mode: PaymentMode
    package_purchase_id: UUID | None
    saved_method_id: UUID | None
    next_booking_date: date | None
    last_generated_date: date | None
    accepted_at: datetime | None = Field(
        description="Since when its bookings wait for no confirmation."
    )
    ended_at: datetime | None
    last_error: str | None = Field(description="Why its next date could not be dispatched yet.")
    note: str | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime


class SeriesOut(SeriesCard):
    saved_method: SavedMethodOut | None = Field(
        description="The card that pays, with what its client has to do while it is `pending`."
    )
    occurrences: list[OccurrenceOut] = Field(description="The newest 100, the newest first.")
    upcoming: list[UpcomingOut] = Field(description="The next dates without a booking yet.")


class StandingBooking(Answer):
    """A booking that a change of its series does not touch."""

    id: UUID
    status: BookingStatus
    local_date: date
    starts_at: datetime


class SeriesChanged(SeriesOut):
    unchanged_bookings: list[StandingBooking]


class SeriesTerms(Answer):
    """A series as it would be."""

    specialist_id: UUID
    client_id: UUID
    rate_id: UUID
    frequency: Frequency
    start_date: date
    end_date: date | None
    local_time: str
    payment_mode: PaymentMode
    package_purchase_id: UUID | None
    saved_method_id: UUID | None = Field(description="Null while one is only about to be saved.")
    status: Status
    next_booking_date: date | None
    is_accepted: bool
    note: str | None


class NearestFree(Answer):
    starts_at: datetime
    local_date: date


class DateAhead(Answer):
    """`is_free` is null, and the reason `not_open_yet`, for a date beyond the horizon."""

    local_date: date
    starts_at: datetime
    ends_at: datetime
    is_free: bool | None
    reason: Literal["taken", "day_full", "closed", "not_open_yet"] | None
    nearest_free: NearestFree | None = Field(
        description="On the same date, or else within seven days."
    )


class SeriesPreview(Answer):
    """The dates ahead as they stand at this moment, at most 26; nothing was written."""

    series: SeriesTerms
    time_zone: str | None
    items: list[DateAhead]
    unchanged_bookings: list[StandingBooking]


class EndedBooking(Answer):
    """What became of a booking that should be called off; `code` says why it could not be."""

    booking_id: UUID
    outcome: Literal["cancelled", "already_cancelled", "not_cancelled"]
    code: str | None
    booking_status: BookingStatus
    starts_at: datetime
    cancellation_policy_applied: str | None
    refund: MoneyOut | None
    credit_returned: bool | None


class SeriesEndedOut(SeriesOut):
    bookings: list[EndedBooking]
    is_complete: bool = Field(
        description="False where bookings are left to be called off: ask again."
    )


Row = Mapping[str, Any]


def card_of(row: Row) -> SeriesCard:
    """A row of a list."""
    return SeriesCard.model_validate({**row, "local_time": f"{row['local_time']:%H:%M}"})


def series_out(
    row: Row,
    *,
    saved_method: SavedMethodOut | None,
    occurrences: Sequence[Row],
    upcoming: Sequence[Row],
) -> SeriesOut:
    """A series with what became of its dates and what lies ahead."""
    return SeriesOut(
        **card_of(row).model_dump(),
        saved_method=saved_method,
        occurrences=[OccurrenceOut.model_validate(dict(one)) for one in occurrences],
        upcoming=[UpcomingOut.model_validate(dict(one)) for one in upcoming],
    )


def preview_of(
    one: Series, *, time_zone: str | None, dates: Sequence[Row], standing: Sequence[Row]
) -> SeriesPreview:
    """A series as it would be, and its dates as they stand at this moment."""
    terms = {name: getattr(one, name) for name in _TERMS}
    return SeriesPreview(
        series=SeriesTerms(
            **terms, local_time=f"{one.local_time:%H:%M}", is_accepted=one.accepted_at is not None
        ),
        time_zone=time_zone,
        items=[_date_ahead(row) for row in dates],
        unchanged_bookings=standing_of(standing),
    )


def standing_of(rows: Sequence[Row]) -> list[StandingBooking]:
    """Bookings that a change does not touch."""
    return [StandingBooking.model_validate(dict(row)) for row in rows]


def ended_booking_of(row: Row, *, outcome: str, code: str | None) -> EndedBooking:
    """What became of a booking that should be called off, and on which terms."""
    was_called_off = row["cancellation_policy_applied"] is not None
    refund = {"amount_minor": row["refund_minor"], "currency": row["currency"]}
    return EndedBooking.model_validate(
        {
            **row,
            "booking_id": row["id"],
            "booking_status": row["status"],
            "outcome": outcome,
            "code": code,
            "refund": refund if was_called_off else None,
        }
    )


def _date_ahead(row: Row) -> DateAhead:
    near = row["nearest_starts_at"]
    return DateAhead.model_validate(
        {
            **row,
            "is_free": rules.is_free(row["state"]),
            "reason": rules.reason_of(row["state"]),
            "nearest_free": {"starts_at": near, "local_date": row["nearest_local_date"]}
            if near is not None
            else None,
        }
    )


_TERMS = (
    *("specialist_id", "client_id", "rate_id", "frequency", "start_date", "end_date"),
    *("payment_mode", "package_purchase_id", "saved_method_id", "status", "next_booking_date"),
    "note",
)
