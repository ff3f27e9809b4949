"""Calendars as Hypothesis draws them: odd hours, jumping clocks, claims that never overlap."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from operator import add
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.features.availability.oracle import (
    Calendar,
    Claim,
    Exclusion,
    Question,
    Rule,
    Slot,
    instant,
    open_slots,
    wall,
    windows_of,
)
from tests.features.availability.oracle_reasons import Start

# A zone, and local dates near which its clock jumps (or nothing happens at all).
PLACES: tuple[tuple[str, date], ...] = (
    ("UTC", date(2026, 12, 31)),
    ("Asia/Dubai", date(2026, 6, 1)),
    ("Asia/Kolkata", date(2026, 2, 27)),
    ("Asia/Kathmandu", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Africa/Casablanca", date(2025, 2, 23)),
    ("Africa/Casablanca", date(2025, 4, 6)),
    # A whole date that never was; and jumps at, and across, midnight.
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Beirut", date(2025, 3, 30)),
    ("Asia/Beirut", date(2025, 10, 26)),
    ("America/Nuuk", date(2025, 3, 29)),
    ("America/Nuuk", date(2025, 10, 25)),
    ("Atlantic/Azores", date(2025, 10, 26)),
)

QUARTERS = st.integers(0, 96).map(lambda quarter: quarter * 15)
MINUTES = st.one_of(QUARTERS, QUARTERS, st.integers(0, 288).map(lambda five: five * 5))
LENGTHS = st.sampled_from((15, 20, 30, 30, 45, 50, 60, 90, 240, 1440))
BUFFERS = st.sampled_from((0, 0, 0, 5, 10, 15, 60, 240))


@st.composite
def hours(draw: st.DrawFn) -> tuple[int, int]:
    """Opening and closing minute, often of the night, when clocks jump, and up to 24:00."""
    opens = draw(st.one_of(MINUTES, st.sampled_from((0, 60, 90, 120, 150, 180, 1380))))
    length = draw(st.sampled_from((15, 30, 60, 90, 120, 150, 180, 240, 480, 1440)))
    opens = min(opens, 1425)
    return opens, min(opens + length, 1440)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    opens, closes = draw(hours())
    return Rule(
        weekday=draw(st.sampled_from((0, 0, 1, 2, 3, 4, 5, 6, 6))),
        opens=opens,
        closes=closes,
        slot=draw(LENGTHS),
        buffer=draw(BUFFERS),
        cap=draw(st.sampled_from((None, None, None, 1, 2, 3))),
        active=draw(st.sampled_from((True, True, True, False))),
    )


@st.composite
def exclusions(draw: st.DrawFn, around: date) -> Exclusion:
    day = around + timedelta(days=draw(st.integers(-3, 6)))
    opens, closes = draw(hours())
    kind = draw(st.sampled_from(("all day", "part of the day", "custom hours", "custom hours")))
    if kind == "all day":
        return Exclusion(day, available=False)
    return Exclusion(day, available=kind == "custom hours", opens=opens, closes=closes)


@st.composite
def claims(draw: st.DrawFn, around: datetime) -> tuple[Claim, ...]:
    """Spans one after the other from three days before, touching or apart, in any state."""
    at = around + timedelta(days=-3, minutes=15 * draw(st.integers(0, 8)))
    found = []
    for key in range(draw(st.integers(0, 10))):
        at += timedelta(minutes=draw(st.sampled_from((0, 5, 15, 45, 240, 600, 1440))))
        before, after = draw(BUFFERS), draw(BUFFERS)
        session = at + timedelta(minutes=before)
        session_ends = session + timedelta(minutes=draw(st.sampled_from((15, 30, 45, 60, 240))))
        ends = session_ends + timedelta(minutes=after)
        status = draw(st.sampled_from(("booked", "booked", "held", "held", "released")))
        until = None
        if status == "held":
            until = around + timedelta(minutes=draw(st.sampled_from((-60, 0, 10, 10_000))))
        found.append(Claim(key, at, ends, session, session_ends, status, until))
        at = ends
    return tuple(found)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Calendar, tuple[Question, ...], datetime]:
    """A calendar near a jump of its clock, five questions about it, and the time of asking."""
    zone, day = draw(st.sampled_from(PLACES))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    now = noon + timedelta(
        days=draw(st.integers(-4, 0)),
        minutes=draw(st.one_of(st.just(0), st.integers(-720, 720))),
        microseconds=draw(st.sampled_from((0, 0, 1, 123_456))),
    )
    calendar = Calendar(
        zone=zone,
        buffer_before=draw(BUFFERS),
        notice=draw(st.sampled_from((0, 0, 0, 0, 30, 120, 2880))),
        horizon=draw(st.sampled_from((1, 30, 90, 90, 730))),
        rules=tuple(
            draw(st.lists(rules(), min_size=draw(st.sampled_from((0, 6, 12))), max_size=16))
        ),
        exclusions=tuple(draw(st.lists(exclusions(day), max_size=6))),
        claims=draw(claims(now)),
        verified=draw(st.sampled_from((True,) * 19 + (False,))),
        accepting=draw(st.sampled_from((True,) * 19 + (False,))),
    )
    questions = tuple(draw(st.lists(_questions(now, calendar), min_size=5, max_size=5)))
    return calendar, questions, now


@st.composite
def _questions(draw: st.DrawFn, now: datetime, calendar: Calendar) -> Question:
    earliest = now + timedelta(
        days=draw(st.integers(-1, 3)), minutes=15 * draw(st.integers(-60, 60))
    )
    length = draw(
        st.sampled_from(
            (
                timedelta(microseconds=1),
                timedelta(hours=6),
                timedelta(days=1),
                timedelta(days=3),
                timedelta(days=7),
                timedelta(days=7),
                timedelta(days=14),
                timedelta(days=80),
            )
        )
    )
    return Question(
        earliest=earliest,
        before=earliest + length,
        minutes=draw(st.sampled_from((None, None, None, 15, 30, 40, 60, 600))),
        excluded=draw(st.sampled_from((None, *(claim.key for claim in calendar.claims)))),
    )


@st.composite
def starts(draw: st.DrawFn) -> tuple[Calendar, tuple[Start, ...], datetime]:
    """A situation with twelve starts: of the grid and beside it, and at the edges of all that may
    stand in their way.
    """
    calendar, _, now = draw(situations())
    nights = draw(st.lists(_nights(), max_size=3))
    calendar = replace(calendar, rules=(*calendar.rules, *nights))
    free = open_slots(calendar, Question(now, now + timedelta(days=6)), now=now)
    if free:
        sold = draw(st.lists(st.sampled_from(free), max_size=3))
        calendar = _with_sessions(calendar, sold)
    places = (
        [slot.starts_at for slot in free],
        _grid(calendar, now),
        _edges(calendar, now),
        _jumps(calendar, now),
        [claim.session_starts_at for claim in calendar.claims if claim.session_starts_at > now],
    )
    wanted = st.builds(
        Start,
        at=st.builds(
            add,
            st.one_of(*(st.sampled_from(place) for place in places if place)),
            st.sampled_from(JITTERS),
        ),
        minutes=st.sampled_from((None, None, None, 15, 30, 60, 600, 1440)),
        excluded=st.sampled_from((None, None, *(claim.key for claim in calendar.claims))),
    )
    return calendar, tuple(draw(st.lists(wanted, min_size=12, max_size=12))), now


def _with_sessions(calendar: Calendar, sold: Sequence[Slot]) -> Calendar:
    """These free times are booked, one after the other, as far as they still are apart."""
    for number, slot in enumerate(sold, start=100):
        span = (slot.claim_starts_at, slot.claim_ends_at, slot.starts_at, slot.ends_at)
        # A hold that has lapsed still stands in the table, where no two spans may overlap.
        others = [
            claim
            for claim in calendar.claims
            if claim.ends_at <= slot.claim_starts_at or slot.claim_ends_at <= claim.starts_at
        ]
        if not any(claim.key >= 100 for claim in calendar.claims if claim not in others):
            calendar = replace(calendar, claims=(*others, Claim(number, *span)))
    return calendar


def _nights() -> st.SearchStrategy[Rule]:
    """Hours of the nights in which most clocks jump."""
    return st.builds(
        lambda day, opens, length, slot: Rule(day, opens, opens + length, slot=slot),
        st.sampled_from((0, 0, 6)),
        st.sampled_from((0, 30, 60, 90, 120, 135, 150)),
        st.sampled_from((30, 45, 60, 90, 120, 150)),
        st.sampled_from((15, 30, 60)),
    )


JITTERS = tuple(
    timedelta(minutes=minutes, microseconds=microseconds)
    for minutes, microseconds in (
        *((0, 0),) * 6,
        (0, 1),
        (0, -1),
        (-5, 0),
        (15, 0),
        (-60, 0),
        (60, 0),
    )
)


def _grid(calendar: Calendar, now: datetime) -> list[datetime]:
    zone = ZoneInfo(calendar.zone)
    today = now.astimezone(zone).date()
    return [
        instant(wall(day, window.opens), zone)
        + timedelta(minutes=number * (window.slot + window.buffer))
        for day in (today + timedelta(days=ahead) for ahead in range(-1, 8))
        for window in windows_of(calendar, day)
        for number in range(4)
    ]


def _edges(calendar: Calendar, now: datetime) -> list[datetime]:
    zone = ZoneInfo(calendar.zone)
    today = now.astimezone(zone).date()
    return [
        now,
        now + timedelta(minutes=calendar.notice),
        now + timedelta(days=calendar.horizon),
        # No further: what clocks will show in years to come is told differently by different
        # editions of the zone data.
        now + timedelta(days=300),
        *(claim.starts_at for claim in calendar.claims),
        *(claim.ends_at for claim in calendar.claims),
        *(
            instant(wall(block.day, block.closes or 0), zone)
            for block in calendar.exclusions
            if not block.available
        ),
        *(
            instant(wall(today + timedelta(days=ahead), window.closes), zone)
            for ahead in range(4)
            for window in windows_of(calendar, today + timedelta(days=ahead))
        ),
    ]


def _jumps(calendar: Calendar, now: datetime) -> list[datetime]:
    """Half-hours around a jump of the clock in the week ahead."""
    zone = ZoneInfo(calendar.zone)
    hour = timedelta(hours=1)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
    return [
        midnight + ahead * hour + half * hour / 2
        for ahead in range(24 * 7)
        if (midnight + ahead * hour).astimezone(zone).utcoffset()
        != (midnight + (ahead + 1) * hour).astimezone(zone).utcoffset()
        for half in range(-4, 7)
    ]
