"""Bodies and answers of the calendar."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator

from consulta.features.availability.rules import clock_of, minute_of
from consulta.platform.http.schema import (
    Answer,
    Blankable,
    Body,
    Day,
    Moment,
    Text,
    TimeZone,
    shown_as,
)

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]
EndClock = Annotated[
    str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["17:00"])
]
MOST_RULES = 100
MOST_DATES = 366
MOST_AFFECTED = 500


def _rfc_3339(value: Any) -> Any:
    """An instant with its offset, or a date; numbers and times of nowhere are neither."""
    if not isinstance(value, str) or not value.strip():
        return None
    # A plus sign that was not escaped in an address arrives as a space.
    text = value.strip().replace(" ", "+")
    if not _EDGE.fullmatch(text):
        raise ValueError("is neither a date nor an RFC 3339 instant")
    return text


_EDGE = re.compile(
    r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d))?", re.ASCII
)
Edge = Annotated[
    Annotated[Moment | Day, Field(union_mode="left_to_right")] | None,
    BeforeValidator(_rfc_3339),
]
"""One end of a span: an instant (RFC 3339), or a date of the calendar asked for."""


def _instant(value: Any) -> Any:
    text = _rfc_3339(value)
    if text is not None and len(text) == len("2026-12-01"):
        raise ValueError("is not an RFC 3339 instant")
    return text


Instant = Annotated[Moment, BeforeValidator(_instant)]
"""One instant, in an address."""


class ExceptionReason(StrEnum):
    """Why a date differs; only the specialist and admins see it."""

    VACATION = "vacation"
    SICK_LEAVE = "sick_leave"
    PERSONAL = "personal"
    TRAINING = "training"
    CONFERENCE = "conference"
    OTHER = "other"


class RuleBody(Body):
    """Hours of a weekday, 0 is Sunday. They end on the same day; `24:00` is its end."""

    weekday: int = Field(ge=0, le=6)
    starts_at: Clock
    ends_at: EndClock
    slot_minutes: int = Field(30, ge=5, le=1440)
    buffer_minutes: int = Field(0, ge=0, le=240)
    max_bookings_per_day: int | None = Field(None, ge=1, le=288)
    is_active: bool = True

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if minute_of(self.ends_at) <= minute_of(self.starts_at):
            raise ValueError("hours end after their start, on the same day; use two for a night")
        return self

    def values(self) -> tuple[Any, ...]:
        return (
            self.weekday,
            minute_of(self.starts_at),
            minute_of(self.ends_at),
            self.slot_minutes,
            self.buffer_minutes,
            self.max_bookings_per_day,
            self.is_active,
        )


class WeekPut(Body):
    """A whole week, in place of the one before. Its clock is that of `time_zone`; a zone that is
    said becomes the page's.
    """

    time_zone: Annotated[TimeZone | None, Blankable] = None
    rules: list[RuleBody] = Field(max_length=MOST_RULES)


class RuleOut(Answer):
    weekday: int
    starts_at: str
    ends_at: str
    slot_minutes: int
    buffer_minutes: int
    max_bookings_per_day: int | None
    is_active: bool


class WeekOut(Answer):
    """Weekly hours on the specialist's clock; weekday 0 is Sunday."""

    time_zone: str
    rules: list[RuleOut]

    @classmethod
    def of(cls, time_zone: str, rows: Sequence[Mapping[str, Any]]) -> Self:
        return cls(time_zone=time_zone, rules=[RuleOut(**dict(row) | _clocks(row)) for row in rows])


class AvailabilityExceptionCreate(Body):
    """A date that differs, or several: blocked all day, blocked for some hours, or, with
    `is_available`, open at other hours than the week says.
    """

    model_config = shown_as(date="2027-03-01", reason="vacation", dry_run=True)

    date: Day
    end_date: Annotated[Day | None, Blankable] = Field(
        None, description="The last of several dates; they have a `range_id` together."
    )
    is_available: bool = False
    starts_at: Annotated[Clock | None, Blankable] = None
    ends_at: Annotated[EndClock | None, Blankable] = None
    reason: ExceptionReason = ExceptionReason.OTHER
    note: Annotated[Annotated[Text, Field(max_length=500)] | None, Blankable] = None
    dry_run: bool = Field(False, description="Says what it would affect, and does nothing.")

    @model_validator(mode="after")
    def _dates_fit(self) -> Self:
        if not 0 <= (self.last - self.date).days < MOST_DATES:
            raise ValueError("several dates begin with the first, and are at most 366")
        return self

    @model_validator(mode="after")
    def _hours_fit(self) -> Self:
        if (self.starts_at is None) != (self.ends_at is None):
            raise ValueError("hours have a start and an end, or there are none")
        if self.starts_at is None or self.ends_at is None:
            if self.is_available:
                raise ValueError("custom hours need a start and an end")
        elif minute_of(self.ends_at) <= minute_of(self.starts_at):
            raise ValueError("hours end after their start, on the same day")
        return self

    @property
    def last(self) -> Day:
        return self.end_date or self.date

    def dates(self) -> list[Day]:
        """Every date of it, the first one first."""
        return [self.date + timedelta(days=n) for n in range((self.last - self.date).days + 1)]

    def hours(self) -> tuple[bool, int | None, int | None]:
        """Whether they are open, from which minute of the day to which; None: all day."""
        return (
            self.is_available,
            None if self.starts_at is None else minute_of(self.starts_at),
            None if self.ends_at is None else minute_of(self.ends_at),
        )


class AvailabilityExceptionOut(Answer):
    """A date that differs, on the specialist's calendar."""

    id: UUID
    date: date
    is_available: bool
    starts_at: str | None
    ends_at: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(**dict(row) | _clocks(row))


class OwnAvailabilityExceptionOut(AvailabilityExceptionOut):
    """The same with its reason, for its owner. Dates that were made together share `range_id`."""

    reason: ExceptionReason
    note: str | None
    range_id: UUID | None


class AffectedBookingOut(Answer):
    """A live booking that would be blocked, or outside the custom hours. It stands."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    status: str
    client_id: UUID
    client_name: str | None
    payment_status: str | None


class ImpactOut(Answer):
    """Which bookings a differing date meets: the first 500, and how many they are."""

    affected_bookings: list[AffectedBookingOut]
    affected_count: int

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[str, Any]]) -> Self:
        return cls(
            affected_bookings=[AffectedBookingOut.model_validate(dict(row)) for row in rows],
            affected_count=rows[0]["affected_count"] if rows else 0,
        )


class ExceptionsMadeOut(OwnAvailabilityExceptionOut):
    """The first date with all of them, and the bookings that they meet."""

    items: list[OwnAvailabilityExceptionOut]
    affected_bookings: list[AffectedBookingOut]
    affected_count: int


class SlotOut(Answer):
    starts_at: datetime
    ends_at: datetime
    local_date: date = Field(description="The date on the specialist's calendar.")


class SlotsOut(Answer):
    """Free times, with offsets of `time_zone`."""

    time_zone: str
    items: list[SlotOut]


class SlotReason(StrEnum):
    """Why a start is not offered."""

    NOT_ACCEPTING = "not_accepting"
    IN_THE_PAST = "in_the_past"
    TOO_SOON = "too_soon"
    BEYOND_HORIZON = "beyond_horizon"
    DAY_BLOCKED = "day_blocked"
    TIME_BLOCKED = "time_blocked"
    OUTSIDE_HOURS = "outside_hours"
    OFF_GRID = "off_grid"
    DOES_NOT_FIT = "does_not_fit"
    CLOCK_CHANGE = "clock_change"
    TAKEN = "taken"
    DAY_FULL = "day_full"


_SENTENCES = {
    SlotReason.NOT_ACCEPTING: "The specialist takes no bookings at present.",
    SlotReason.IN_THE_PAST: "This time is over.",
    SlotReason.TOO_SOON: "The specialist needs longer notice.",
    SlotReason.BEYOND_HORIZON: "The specialist's calendar is not open that far ahead.",
    SlotReason.DAY_BLOCKED: "The specialist does not work on this date.",
    SlotReason.TIME_BLOCKED: "The specialist is away for a part of this session.",
    SlotReason.OUTSIDE_HOURS: "The specialist has no hours at this time.",
    SlotReason.OFF_GRID: "Sessions begin a little earlier or later than this.",
    SlotReason.DOES_NOT_FIT: "The session would run over the end of the hours.",
    SlotReason.CLOCK_CHANGE: "The clock changes, and the hours do not reach this time.",
    SlotReason.TAKEN: "This time is taken, or one too near to it.",
    SlotReason.DAY_FULL: "The specialist takes no more sessions on this date.",
}


class SlotReasonOut(Answer):
    """A code that stays, and a sentence that may improve."""

    code: SlotReason
    detail: str


class SessionOut(Answer):
    starts_at: datetime
    ends_at: datetime


class NearestOut(Answer):
    """The next starts that are offered either way, within 30 days."""

    before: datetime | None
    after: datetime | None


class ExplanationOut(Answer):
    """Whether a start is offered; if it is not, everything that stands in its way. All times but
    `at` have offsets of `time_zone`.
    """

    at: datetime
    local_at: datetime = Field(description="What the clock shows in `time_zone`.")
    time_zone: str
    offered: bool
    reasons: list[SlotReasonOut]
    session: SessionOut
    nearest: NearestOut

    @classmethod
    def of(cls, at: datetime, found: Mapping[str, Any]) -> Self:
        reasons = [
            SlotReasonOut(code=code, detail=_SENTENCES[code])
            for code in map(SlotReason, found["reasons"])
        ]
        return cls(**dict(found) | {"at": at.astimezone(UTC), "reasons": reasons})


class HoldCreate(Body):
    """The time to be held."""

    specialist_id: UUID
    rate_id: UUID
    starts_at: Moment


class HoldOut(Answer):
    """A time that is held until `expires_at`, for whoever has the token."""

    id: UUID
    hold_token: str
    specialist_id: UUID
    rate_id: UUID
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime


def _clocks(row: Mapping[str, Any]) -> dict[str, str | None]:
    starts, ends = row["starts_minute"], row["ends_minute"]
    return {
        "starts_at": None if starts is None else clock_of(starts),
        "ends_at": None if ends is None else clock_of(ends),
    }
