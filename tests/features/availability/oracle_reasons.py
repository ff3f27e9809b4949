"""Why a start is not free, said a second time: one plain question for each reason, over the same
calendars as the oracle of free times, and nothing of the SQL.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.features.availability.oracle import (
    DEFAULT_SLOT_MINUTES,
    Calendar,
    Slot,
    Window,
    instant,
    is_day_blocked,
    is_full,
    is_taken,
    overlaps_block,
    shown,
    wall,
    windows_of,
)


@dataclass(frozen=True, slots=True)
class Start:
    """A start that somebody asks about, with a session length and a claim to leave out."""

    at: datetime
    minutes: int | None = None
    excluded: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a start lies: the window that counts, and whether clock and elapsed time are in it."""

    window: Window | None
    is_shown: bool
    is_within: bool


def reasons(calendar: Calendar, start: Start, *, now: datetime) -> set[str]:
    """Every reason against that start."""
    zone = ZoneInfo(calendar.zone)
    day = shown(start.at, zone).date()
    place = _place(calendar, start.at, zone)
    slot = _slot(calendar, start, place.window, zone)
    is_sold = calendar.verified and calendar.accepting and start.at >= now
    notice = now + timedelta(minutes=calendar.notice)
    truths = {
        "not_accepting": not (calendar.verified and calendar.accepting),
        "in_the_past": start.at < now,
        "too_soon": now <= start.at < notice,
        "beyond_horizon": start.at > now + timedelta(days=calendar.horizon),
        "day_blocked": is_day_blocked(calendar, day),
        "time_blocked": overlaps_block(calendar, slot.starts_at, slot.ends_at),
        "taken": is_sold and is_taken(calendar, slot, now=now, excluded=start.excluded),
        "day_full": is_sold and is_full(calendar, day, now=now, excluded=start.excluded),
    }
    return {code for code, holds in truths.items() if holds} | _of_hours(slot, place, zone)


def _of_hours(slot: Slot, place: _Place, zone: ZoneInfo) -> set[str]:
    window = place.window
    if window is None or not (place.is_shown or place.is_within):
        return {"outside_hours"}
    if place.is_shown != place.is_within:
        return {"clock_change"}
    found = set()
    opens_at = instant(wall(slot.local_date, window.opens), zone)
    closes_at = instant(wall(slot.local_date, window.closes), zone)
    step = timedelta(minutes=window.slot + window.buffer)
    if (slot.starts_at - opens_at) % step:
        found.add("off_grid")
    last_moment = shown(slot.ends_at - timedelta.resolution, zone)
    if slot.ends_at > closes_at:
        found.add("does_not_fit")
    elif last_moment >= wall(slot.local_date, window.closes):
        found.add("clock_change")
    return found


def _place(calendar: Calendar, at: datetime, zone: ZoneInfo) -> _Place:
    day = shown(at, zone).date()
    places = [
        _Place(
            window,
            is_shown=wall(day, window.opens) <= shown(at, zone) < wall(day, window.closes),
            is_within=instant(wall(day, window.opens), zone)
            <= at
            < instant(wall(day, window.closes), zone),
        )
        for window in sorted(windows_of(calendar, day), key=lambda window: window.opens)
    ]
    opened = [p for p in places if p.window and wall(day, p.window.opens) <= shown(at, zone)]
    # The latest that has opened comes first, then the next to open.
    ordered = [*reversed(opened), *places[len(opened) :]]
    ordered.sort(key=lambda place: place.is_shown + place.is_within, reverse=True)
    return ordered[0] if ordered else _Place(None, is_shown=False, is_within=False)


def _slot(calendar: Calendar, start: Start, window: Window | None, zone: ZoneInfo) -> Slot:
    length = start.minutes or (window.slot if window else DEFAULT_SLOT_MINUTES)
    ends_at = start.at + timedelta(minutes=length)
    return Slot(
        start.at,
        ends_at,
        start.at - timedelta(minutes=calendar.buffer_before),
        ends_at + timedelta(minutes=window.buffer if window else 0),
        shown(start.at, zone).date(),
    )
