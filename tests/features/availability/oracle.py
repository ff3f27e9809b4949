"""What is free, said a second time: slow, plain Python over `zoneinfo`, and nothing of the SQL.

It asks each conceivable start one question after the other; the property tests hold the slot engine
against it (D2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

DEFAULT_SLOT_MINUTES = 30
MOST_DATES = 62
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """Weekly hours in minutes of the local day; weekday 0 is Sunday."""

    weekday: int
    opens: int
    closes: int
    slot: int = 30
    buffer: int = 0
    cap: int | None = None
    active: bool = True

    @property
    def precedence(self) -> tuple[int, int, int]:
        """Whose slot length and buffer a merged window takes: the lowest."""
        return (self.opens, self.slot, self.buffer)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A date that differs: `available` is custom hours, else a block; no times: the whole day."""

    day: date
    available: bool
    opens: int | None = None
    closes: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A span in the calendar, its buffers included, around a session."""

    key: int
    starts_at: datetime
    ends_at: datetime
    session_starts_at: datetime
    session_ends_at: datetime
    status: str = "booked"
    held_until: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        if self.status == "held":
            assert self.held_until is not None
            return self.held_until > now
        return self.status == "booked"


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that the answer depends on, but for the question and the clock."""

    zone: str
    buffer_before: int = 0
    notice: int = 0
    horizon: int = 90
    rules: Sequence[Rule] = ()
    exclusions: Sequence[Exclusion] = ()
    claims: Sequence[Claim] = ()
    verified: bool = True
    accepting: bool = True

    def with_claims(self, *claims: Claim) -> "Calendar":
        return replace(self, claims=(*self.claims, *claims))


@dataclass(frozen=True, slots=True)
class Question:
    """Half-open range of starts, session length (None: the slot length), a claim to leave out."""

    earliest: datetime
    before: datetime
    minutes: int | None = None
    excluded: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    starts_at: datetime
    ends_at: datetime
    claim_starts_at: datetime
    claim_ends_at: datetime
    local_date: date


@dataclass(frozen=True, slots=True)
class Window:
    opens: int
    closes: int
    slot: int
    buffer: int


def open_slots(calendar: Calendar, question: Question, *, now: datetime) -> list[Slot]:
    """Every start that may be claimed, in order."""
    if not (calendar.verified and calendar.accepting):
        return []
    zone = ZoneInfo(calendar.zone)
    first = max(question.earliest, now + timedelta(minutes=calendar.notice))
    last = now + timedelta(days=calendar.horizon)
    first_date = first.astimezone(zone).date()
    last_date = question.before.astimezone(zone).date() + DAY
    days = [first_date + n * DAY for n in range(-1, MOST_DATES)]
    return sorted(
        slot
        for day in days
        if day <= last_date
        for slot in _slots_of(calendar, day, question.minutes)
        if first <= slot.starts_at <= last
        and slot.starts_at < question.before
        and not is_full(calendar, day, now=now, excluded=question.excluded)
        and not _is_blocked(calendar, slot)
        and not is_taken(calendar, slot, now=now, excluded=question.excluded)
    )


def wall(day: date, minute: int) -> datetime:
    """The naive wall clock time; minute 1440 is the next midnight."""
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def instant(at: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall clock time as PostgreSQL picks it.

    In a gap it counts on with the offset before the jump, in an overlap it takes the second pass:
    both are the later of the two readings that PEP 495 calls folds.
    """
    return max(at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    """What the wall clock shows at an instant."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def weekday(day: date) -> int:
    return day.isoweekday() % 7


def windows_of(calendar: Calendar, day: date) -> list[Window]:
    """The hours of that date before blocks: custom, else the rules; overlapping ones merged."""
    rules = [rule for rule in calendar.rules if rule.active and rule.weekday == weekday(day)]
    first = min(rules, key=lambda rule: rule.precedence, default=None)
    custom = [
        Rule(
            weekday=weekday(day),
            opens=exclusion.opens or 0,
            closes=exclusion.closes or 0,
            slot=first.slot if first else DEFAULT_SLOT_MINUTES,
            buffer=first.buffer if first else 0,
        )
        for exclusion in calendar.exclusions
        if exclusion.day == day and exclusion.available
    ]
    return _merged([(rule,) for rule in custom or rules])


def _merged(groups: list[tuple[Rule, ...]]) -> list[Window]:
    """Joins any two that overlap, until none do; touching is not overlapping."""
    for one, other in combinations(groups, 2):
        if _opens(one) < _closes(other) and _opens(other) < _closes(one):
            rest = [group for group in groups if group is not one and group is not other]
            return _merged([*rest, one + other])
    heads = [(min(group, key=lambda rule: rule.precedence), group) for group in groups]
    return [Window(_opens(group), _closes(group), head.slot, head.buffer) for head, group in heads]


def _opens(group: tuple[Rule, ...]) -> int:
    return min(rule.opens for rule in group)


def _closes(group: tuple[Rule, ...]) -> int:
    return max(rule.closes for rule in group)


def _slots_of(calendar: Calendar, day: date, minutes: int | None) -> Iterator[Slot]:
    zone = ZoneInfo(calendar.zone)
    before = timedelta(minutes=calendar.buffer_before)
    for window in windows_of(calendar, day):
        length = timedelta(minutes=minutes if minutes is not None else window.slot)
        after = timedelta(minutes=window.buffer)
        starts_at = instant(wall(day, window.opens), zone)
        closes_at = instant(wall(day, window.closes), zone)
        while starts_at + length <= closes_at:
            ends_at = starts_at + length
            if _is_within_hours(day, window, starts_at=starts_at, ends_at=ends_at, zone=zone):
                yield Slot(starts_at, ends_at, starts_at - before, ends_at + after, day)
            starts_at += timedelta(minutes=window.slot + window.buffer)


def _is_within_hours(
    day: date, window: Window, *, starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> bool:
    """First and last moment are open hours on the wall clock; only a jump can make this false."""
    opens, closes = wall(day, window.opens), wall(day, window.closes)
    last_moment = ends_at - timedelta.resolution
    return opens <= shown(starts_at, zone) < closes and shown(last_moment, zone) < closes


def _is_blocked(calendar: Calendar, slot: Slot) -> bool:
    return is_day_blocked(calendar, slot.local_date) or overlaps_block(
        calendar, slot.starts_at, slot.ends_at
    )


def is_day_blocked(calendar: Calendar, day: date) -> bool:
    return any(
        block.day == day and not block.available and block.opens is None
        for block in calendar.exclusions
    )


def overlaps_block(calendar: Calendar, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether a session overlaps a part-day block; a jump of the clock can make one empty."""
    zone = ZoneInfo(calendar.zone)
    for block in calendar.exclusions:
        if block.available or block.opens is None or block.closes is None:
            continue
        begins = instant(wall(block.day, block.opens), zone)
        ends = instant(wall(block.day, block.closes), zone)
        if begins < ends and starts_at < ends and begins < ends_at:
            return True
    return False


def is_taken(calendar: Calendar, slot: Slot, *, now: datetime, excluded: int | None) -> bool:
    return any(
        claim.is_live(now)
        and claim.key != excluded
        and claim.starts_at < slot.claim_ends_at
        and slot.claim_starts_at < claim.ends_at
        for claim in calendar.claims
    )


def is_full(calendar: Calendar, day: date, *, now: datetime, excluded: int | None) -> bool:
    caps = [
        rule.cap
        for rule in calendar.rules
        if rule.active and rule.weekday == weekday(day) and rule.cap is not None
    ]
    if not caps:
        return False
    zone = ZoneInfo(calendar.zone)
    sessions = [
        claim
        for claim in calendar.claims
        if claim.is_live(now)
        and claim.key != excluded
        and shown(claim.session_starts_at, zone).date() == day
    ]
    return len(sessions) >= min(caps)
