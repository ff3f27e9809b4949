"""Who is told what, when, and whether it is still worth telling: decisions without I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from consulta.features.bookings.status import BookingStatus


class Kind(StrEnum):
    """What a person is told; the names are a promise to frontends."""

    BOOKED = "booking_booked"
    AWAITING = "booking_awaiting"
    CONFIRMED = "booking_confirmed"
    DECLINED = "booking_declined"
    CANCELLED = "booking_cancelled"
    EXPIRED = "booking_expired"
    RESCHEDULED = "booking_rescheduled"
    TIME_PROPOSED = "booking_time_proposed"
    PROPOSAL_DECLINED = "booking_proposal_declined"
    REFUNDED = "booking_refunded"
    REMINDER_24H = "reminder_24h"
    REMINDER_1H = "reminder_1h"
    FOLLOW_UP = "follow_up"
    SERIES_CREATED = "series_created"
    SERIES_ACCEPTED = "series_accepted"
    SERIES_SKIPPED = "series_skipped"
    SERIES_ENDED = "series_ended"
    PAYMENT_TOO_LATE = "payment_too_late"
    PAYMENT_EXPIRING = "payment_expiring"
    CARD_REFUSED = "payment_card_refused"
    REFUND_FAILED = "payment_refund_failed"
    DISPUTED = "payment_disputed"
    DISPUTE_CLOSED = "payment_dispute_closed"
    PACKAGE_ACTIVATED = "package_activated"
    PACKAGE_CANCELLED = "package_cancelled"
    PACKAGE_EXPIRED = "package_expired"
    PACKAGE_REFUNDED = "package_refunded"
    NOTE_WRITTEN = "note_written"
    RECORDING_READY = "recording_ready"
    VIDEO_BROKEN = "video_broken"
    REVIEW_POSTED = "review_posted"
    INTAKE_COMPLETED = "intake_completed"


class Side(StrEnum):
    CLIENT = "client"
    SPECIALIST = "specialist"


class When(StrEnum):
    ALWAYS = "always"
    UNLESS_DOER = "unless_doer"
    """Whoever did it knows."""


_BOTH = {Side.CLIENT: When.ALWAYS, Side.SPECIALIST: When.ALWAYS}
_OTHERS = {Side.CLIENT: When.UNLESS_DOER, Side.SPECIALIST: When.UNLESS_DOER}
_CLIENT = {Side.CLIENT: When.ALWAYS}
_SPECIALIST = {Side.SPECIALIST: When.ALWAYS}

TOLD: Mapping[Kind, Mapping[Side, When]] = {
    Kind.BOOKED: _CLIENT,
    Kind.AWAITING: _BOTH,
    # Both have the session in their calendars, whoever confirmed it.
    Kind.CONFIRMED: _BOTH,
    Kind.DECLINED: _OTHERS,
    Kind.CANCELLED: _OTHERS,
    Kind.EXPIRED: _BOTH,
    Kind.RESCHEDULED: _OTHERS,
    Kind.TIME_PROPOSED: _CLIENT,
    Kind.PROPOSAL_DECLINED: _SPECIALIST,
    Kind.REFUNDED: _CLIENT,
    Kind.REMINDER_24H: _BOTH,
    Kind.REMINDER_1H: _BOTH,
    Kind.FOLLOW_UP: _CLIENT,
    Kind.SERIES_CREATED: _OTHERS,
    Kind.SERIES_ACCEPTED: {Side.CLIENT: When.UNLESS_DOER},
    Kind.SERIES_SKIPPED: _BOTH,
    Kind.SERIES_ENDED: _OTHERS,
    Kind.PAYMENT_TOO_LATE: _CLIENT,
    Kind.PAYMENT_EXPIRING: _SPECIALIST,
    Kind.CARD_REFUSED: _CLIENT,
    Kind.REFUND_FAILED: _BOTH,
    Kind.DISPUTED: _SPECIALIST,
    Kind.DISPUTE_CLOSED: _SPECIALIST,
    Kind.PACKAGE_ACTIVATED: _BOTH,
    Kind.PACKAGE_CANCELLED: _CLIENT,
    Kind.PACKAGE_EXPIRED: _CLIENT,
    Kind.PACKAGE_REFUNDED: _CLIENT,
    Kind.NOTE_WRITTEN: _CLIENT,
    Kind.RECORDING_READY: _BOTH,
    Kind.VIDEO_BROKEN: _SPECIALIST,
    Kind.REVIEW_POSTED: _SPECIALIST,
    Kind.INTAKE_COMPLETED: _SPECIALIST,
}

GROUPS: Mapping[str, frozenset[Kind]] = {
    "bookings": frozenset(
        {
            *(Kind.BOOKED, Kind.AWAITING, Kind.CONFIRMED, Kind.PROPOSAL_DECLINED),
            *(Kind.NOTE_WRITTEN, Kind.RECORDING_READY),
            *(Kind.REVIEW_POSTED, Kind.INTAKE_COMPLETED),
        }
    ),
    "reminders": frozenset({Kind.REMINDER_24H, Kind.REMINDER_1H}),
    "follow_ups": frozenset({Kind.FOLLOW_UP}),
    "series": frozenset({Kind.SERIES_CREATED, Kind.SERIES_ACCEPTED, Kind.SERIES_ENDED}),
    "packages": frozenset({Kind.PACKAGE_ACTIVATED, Kind.PACKAGE_EXPIRED}),
}
"""What a person can switch off. What is in none of them is told in any case: a session that was
moved, declined, called off or skipped, and all trouble with money.
"""

_AFTERWARDS = frozenset({Kind.CANCELLED, Kind.EXPIRED, Kind.RESCHEDULED})
"""Of interest to those only who had heard of the booking."""
_UNPAID = frozenset({BookingStatus.PENDING_PAYMENT})

_LIVE = frozenset(
    {BookingStatus.PENDING_PAYMENT, BookingStatus.AWAITING_CONFIRMATION, BookingStatus.CONFIRMED}
)

STANDS_WHILE: Mapping[Kind, frozenset[str]] = {
    Kind.BOOKED: frozenset({BookingStatus.PENDING_PAYMENT}),
    Kind.AWAITING: frozenset({BookingStatus.AWAITING_CONFIRMATION}),
    Kind.CONFIRMED: frozenset({BookingStatus.CONFIRMED}),
    Kind.DECLINED: frozenset({BookingStatus.DECLINED}),
    Kind.CANCELLED: frozenset({BookingStatus.CANCELLED}),
    Kind.EXPIRED: frozenset({BookingStatus.EXPIRED}),
    Kind.RESCHEDULED: _LIVE,
    Kind.TIME_PROPOSED: _LIVE,
    Kind.PROPOSAL_DECLINED: _LIVE,
    Kind.REFUNDED: frozenset({BookingStatus.REFUNDED}),
    Kind.REMINDER_24H: frozenset({BookingStatus.CONFIRMED}),
    Kind.REMINDER_1H: frozenset({BookingStatus.CONFIRMED}),
    Kind.FOLLOW_UP: frozenset({BookingStatus.COMPLETED}),
    Kind.PAYMENT_EXPIRING: frozenset({BookingStatus.AWAITING_CONFIRMATION}),
    Kind.CARD_REFUSED: frozenset({BookingStatus.PENDING_PAYMENT}),
}
"""The states of the booking in which it is still worth telling; what is absent always is."""

_OF_THIS_TIME = frozenset(
    {Kind.RESCHEDULED, Kind.TIME_PROPOSED, Kind.REMINDER_24H, Kind.REMINDER_1H}
)
"""Nothing to tell any more once the session has been moved (again)."""

_BEFORE_THE_START = frozenset(
    {
        *(Kind.BOOKED, Kind.AWAITING, Kind.CONFIRMED, Kind.RESCHEDULED, Kind.TIME_PROPOSED),
        *(Kind.REMINDER_24H, Kind.REMINDER_1H, Kind.CARD_REFUSED),
    }
)

REMINDERS: Mapping[Kind, timedelta] = {
    Kind.REMINDER_24H: timedelta(hours=24),
    Kind.REMINDER_1H: timedelta(hours=1),
}
FOLLOW_UP_AFTER = timedelta(hours=24)
FOLLOW_UP_UNTIL = timedelta(days=7)
"""Of a session that is counted as completed later than that, nobody is reminded."""

MOST_ATTEMPTS = 12
TOO_OLD_AFTER = timedelta(days=3)
"""News that could not be told for so long is none."""
_FIRST_GAP_SECONDS = 30
_LONGEST_GAP_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Parties:
    """Between whom something happened, and who made it happen; nobody, where the clock did."""

    specialist_id: UUID
    client_id: UUID
    doer: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of a notification at the moment of sending."""

    kind: Kind
    now: datetime
    revision: int = 0
    booking_status: str | None = None
    booking_revision: int | None = None
    starts_at: datetime | None = None
    proposed_at: datetime | None = None
    local_date: date | None = None
    is_active: bool = True
    unwanted: frozenset[str] = frozenset()


def recipients(kind: Kind, parties: Parties, *, was: str | None = None) -> list[UUID]:
    """Who is told. `was` is the booking's status before, which says who had heard of it at all:
    a specialist never hears of a booking that was not paid; what stood in both calendars is taken
    out of both, or moved in both, also by whoever did it.
    """
    in_calendars = was == BookingStatus.CONFIRMED
    told = []
    for side, when in TOLD[kind].items():
        person = parties.client_id if side is Side.CLIENT else parties.specialist_id
        knows = when is When.UNLESS_DOER and person == parties.doer and not in_calendars
        unheard = side is Side.SPECIALIST and kind in _AFTERWARDS and was in _UNPAID
        if not knows and not unheard:
            told.append(person)
    return told


def opening_kind(status: str, *, by_saved_card: bool = False) -> Kind | None:
    """What there is to tell of a new booking, by the status in which it began. Nobody is asked to
    pay what a saved card will be charged for; where it is refused, its owner hears of that.
    """
    if by_saved_card and status == BookingStatus.PENDING_PAYMENT:
        return None
    return {
        BookingStatus.PENDING_PAYMENT: Kind.BOOKED,
        BookingStatus.AWAITING_CONFIRMATION: Kind.AWAITING,
        BookingStatus.CONFIRMED: Kind.CONFIRMED,
    }.get(BookingStatus(status))


def reminders(starts_at: datetime, *, decided_at: datetime) -> Sequence[tuple[Kind, datetime]]:
    """Those whose moment came after the decision for this time: a session booked 20 hours ahead
    has no reminder of 24 hours.
    """
    moments = ((kind, starts_at - ahead) for kind, ahead in REMINDERS.items())
    return [(kind, at) for kind, at in moments if at > decided_at]


def follow_up_at(ends_at: datetime, *, now: datetime) -> datetime | None:
    """A day after the session; None where that was too long ago."""
    if now - ends_at > FOLLOW_UP_UNTIL:
        return None
    return max(ends_at + FOLLOW_UP_AFTER, now)


def group_of(kind: Kind) -> str | None:
    """What it can be switched off with; None where it cannot."""
    return next((name for name, kinds in GROUPS.items() if kind in kinds), None)


def reason_to_skip(standing: Standing) -> str | None:
    """Why it is not told after all, as a code; None where it still is."""
    kind = standing.kind
    if not standing.is_active:
        return "NO_ACCOUNT"
    if group_of(kind) in standing.unwanted:
        return "NOT_WANTED"
    stands = STANDS_WHILE.get(kind)
    if stands is not None and standing.booking_status not in stands:
        return "OVERTAKEN"
    if kind in _OF_THIS_TIME and standing.revision != standing.booking_revision:
        return "OVERTAKEN"
    if kind is Kind.TIME_PROPOSED and standing.proposed_at is None:
        return "OVERTAKEN"
    return "PASSED" if _has_passed(standing) else None


def _has_passed(standing: Standing) -> bool:
    starts_at = standing.starts_at
    if standing.kind not in _BEFORE_THE_START or starts_at is None:
        return False
    # Who hears of tomorrow's session an hour before hears it twice.
    last = REMINDERS[Kind.REMINDER_1H] if standing.kind is Kind.REMINDER_24H else timedelta(0)
    return standing.now >= starts_at - last


def gap_seconds(attempts: int) -> float:
    """30 s, a minute, two … an hour at most, before the next attempt."""
    return min(_FIRST_GAP_SECONDS * 2.0 ** (attempts - 1), _LONGEST_GAP_SECONDS)


def language_of(wanted: str | None, locale: str, *, known: Sequence[str]) -> str:
    """The one that the person chose, that of the profile, or English."""
    asked = (wanted, locale.partition("-")[0].lower())
    return next((one for one in asked if one is not None and one in known), "en")


def zone_of(own: str, specialists: str) -> str:
    """The person's own zone; UTC is what a profile says that was never asked."""
    return specialists if own == "UTC" else own
