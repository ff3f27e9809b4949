"""Each promise about free times, one plain example each, in wall clock times of the specialist."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.features.availability import oracle
from tests.features.availability.conftest import Engine
from tests.features.availability.oracle import Calendar, Claim, Exclusion, Question, Rule

MONDAY = date(2026, 6, 1)
NINE, TEN, NOON = 9 * 60, 10 * 60, 12 * 60
EVERY_DAY = range(7)
LONG_AGO = timedelta(days=3)


def daily(opens: int, closes: int, **details: int | None) -> tuple[Rule, ...]:
    more: Any = details
    return tuple(Rule(weekday, opens, closes, **more) for weekday in EVERY_DAY)


def at(day: date, hour: int, minute: int = 0, *, zone: str = "UTC", fold: int = 0) -> datetime:
    place = ZoneInfo(zone)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=place, fold=fold)


async def offered(
    engine: Engine,
    calendar: Calendar,
    day: date = MONDAY,
    *,
    now: datetime | None = None,
    minutes: int | None = None,
    excluded: int | None = None,
    days: int = 1,
) -> list[str]:
    """Wall clock starts of that local date (or dates), as `HH:MM`; the oracle says the same."""
    earliest = oracle.instant(oracle.wall(day, 0), ZoneInfo(calendar.zone))
    before = oracle.instant(oracle.wall(day + timedelta(days=days), 0), ZoneInfo(calendar.zone))
    question = Question(earliest, before, minutes, excluded)
    asked_at = now or earliest - LONG_AGO
    slots = await engine.answer(calendar, question, now=asked_at)
    assert slots == oracle.open_slots(calendar, question, now=asked_at)
    return [f"{oracle.shown(slot.starts_at, ZoneInfo(calendar.zone)):%H:%M}" for slot in slots]


def booked(day: date, hour: int, minute: int = 0, *, length: int = 30, key: int = 0) -> Claim:
    starts_at = at(day, hour, minute)
    ends_at = starts_at + timedelta(minutes=length)
    return Claim(key, starts_at, ends_at, starts_at, ends_at)


async def test_the_grid_starts_with_the_window_and_a_session_ends_inside_it(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=daily(NINE + 10, NINE + 115))
    assert await offered(engine, calendar) == ["09:10", "09:40", "10:10"]


async def test_the_grid_steps_by_slot_length_and_buffer(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=daily(NINE, NOON, slot=45, buffer=15))
    assert await offered(engine, calendar) == ["09:00", "10:00", "11:00"]


async def test_a_longer_session_keeps_the_grid(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=daily(NINE, NINE + 120))
    assert await offered(engine, calendar, minutes=60) == ["09:00", "09:30", "10:00"]


async def test_weekday_zero_is_sunday(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=(Rule(0, NINE, TEN), Rule(1, NOON, NOON + 30)))
    assert await offered(engine, calendar, MONDAY - timedelta(days=1)) == ["09:00", "09:30"]
    assert await offered(engine, calendar, MONDAY) == ["12:00"]


async def test_hours_may_last_until_midnight(engine: Engine) -> None:
    calendar = Calendar("Asia/Kathmandu", rules=daily(23 * 60, 1440))
    assert await offered(engine, calendar) == ["23:00", "23:30"]


async def test_overlapping_rules_are_one_window_with_the_grid_of_the_earliest(
    engine: Engine,
) -> None:
    calendar = Calendar("UTC", rules=(*daily(NINE, TEN, slot=20), *daily(NINE + 50, TEN + 60)))
    assert await offered(engine, calendar) == ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40"]


async def test_touching_rules_keep_their_own_grids(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=(*daily(NINE, TEN, slot=25), *daily(TEN, TEN + 60)))
    assert await offered(engine, calendar) == ["09:00", "09:25", "10:00", "10:30"]


async def test_an_inactive_rule_offers_nothing(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=(Rule(1, NINE, TEN, active=False),))
    assert await offered(engine, calendar) == []


async def test_a_blocked_day_offers_nothing_even_in_custom_hours(engine: Engine) -> None:
    custom = Exclusion(MONDAY, available=True, opens=NINE, closes=TEN)
    calendar = Calendar("UTC", rules=daily(NINE, NOON), exclusions=(custom,))
    assert await offered(engine, calendar) == ["09:00", "09:30"]
    blocked = Exclusion(MONDAY, available=False)
    both = Calendar("UTC", rules=daily(NINE, NOON), exclusions=(custom, blocked))
    assert await offered(engine, both) == []


async def test_a_part_day_block_takes_what_overlaps_it_and_leaves_the_grid(engine: Engine) -> None:
    block = Exclusion(MONDAY, available=False, opens=NINE + 40, closes=TEN)
    calendar = Calendar("UTC", rules=daily(NINE, NOON - 60), exclusions=(block,))
    assert await offered(engine, calendar) == ["09:00", "10:00", "10:30"]


async def test_custom_hours_replace_the_rules_with_the_weekdays_grid(engine: Engine) -> None:
    custom = Exclusion(MONDAY, available=True, opens=NOON, closes=NOON + 90)
    calendar = Calendar(
        "UTC", rules=(*daily(TEN, NOON), *daily(NINE, TEN, slot=40, buffer=5)), exclusions=(custom,)
    )
    assert await offered(engine, calendar) == ["12:00", "12:45"]


async def test_custom_hours_on_a_day_without_rules_have_half_hours(engine: Engine) -> None:
    custom = Exclusion(MONDAY, available=True, opens=NOON, closes=NOON + 60)
    assert await offered(engine, Calendar("UTC", exclusions=(custom,))) == ["12:00", "12:30"]


async def test_neighbours_touch_without_overlapping(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=daily(NINE, NOON - 90)).with_claims(booked(MONDAY, 9, 30))
    assert await offered(engine, calendar) == ["09:00", "10:00"]


async def test_buffers_of_neighbours_add_up_and_may_leave_working_hours(engine: Engine) -> None:
    calendar = Calendar("UTC", buffer_before=10, rules=daily(NINE, TEN, slot=15, buffer=5))
    assert await offered(engine, calendar) == ["09:00", "09:20", "09:40"]
    [first, *_] = await engine.answer(
        calendar, Question(at(MONDAY, 0), at(MONDAY, 23)), now=at(MONDAY, 0) - LONG_AGO
    )
    assert first.claim_starts_at == at(MONDAY, 8, 50)
    assert first.claim_ends_at == at(MONDAY, 9, 20)
    session = Claim(0, first.claim_starts_at, first.claim_ends_at, first.starts_at, first.ends_at)
    assert await offered(engine, calendar.with_claims(session)) == ["09:40"]


async def test_an_expired_hold_blocks_nobody_and_a_live_one_does(engine: Engine) -> None:
    now = at(MONDAY, 8)
    free = Calendar("UTC", rules=daily(NINE, TEN))
    for until, starts in ((now, ["09:00", "09:30"]), (now + timedelta(seconds=1), ["09:30"])):
        span = (at(MONDAY, 9), at(MONDAY, 9, 30))
        hold = Claim(0, *span, *span, status="held", held_until=until)
        assert await offered(engine, free.with_claims(hold), now=now) == starts


async def test_the_claim_left_out_does_not_block(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=daily(NINE, TEN)).with_claims(booked(MONDAY, 9, key=7))
    assert await offered(engine, calendar) == ["09:30"]
    assert await offered(engine, calendar, excluded=7) == ["09:00", "09:30"]


async def test_the_daily_cap_is_the_smallest_and_counts_the_local_date(engine: Engine) -> None:
    rules = (*daily(NINE, TEN, cap=2), *daily(0, 60, cap=5))
    # 23:30 UTC on Sunday is already Monday in Dubai.
    sunday = MONDAY - timedelta(days=1)
    calendar = Calendar("Asia/Dubai", rules=rules).with_claims(booked(sunday, 20, 30))
    assert await offered(engine, calendar) == ["00:00", "09:00", "09:30"]
    full = calendar.with_claims(booked(MONDAY, 12, key=1))
    assert await offered(engine, full) == []
    assert await offered(engine, full, excluded=1) == ["00:00", "09:00", "09:30"]
    assert await offered(engine, full, MONDAY + timedelta(days=1)) != []


async def test_notice_and_horizon_include_their_own_instants(engine: Engine) -> None:
    calendar = Calendar("UTC", notice=60, horizon=1, rules=daily(0, 1440))
    now = at(MONDAY, 22, 30)
    assert await offered(engine, calendar, now=now) == ["23:30"]
    tomorrow = await offered(engine, calendar, MONDAY + timedelta(days=1), now=now)
    assert (tomorrow[0], tomorrow[-1]) == ("00:00", "22:30")
    late = now + timedelta(microseconds=1)
    assert await offered(engine, calendar, now=late) == []


async def test_the_past_is_never_offered(engine: Engine) -> None:
    calendar = Calendar("UTC", rules=daily(NINE, TEN))
    assert await offered(engine, calendar, now=at(MONDAY, 9, 15)) == ["09:30"]


@pytest.mark.parametrize("closed", [{"verified": False}, {"accepting": False}])
async def test_who_is_not_verified_or_not_accepting_offers_nothing(
    engine: Engine, closed: dict[str, bool]
) -> None:
    calendar = Calendar("UTC", rules=daily(NINE, TEN), **closed)  # type: ignore[arg-type]
    assert await offered(engine, calendar) == []


async def test_one_answer_covers_sixty_two_dates(engine: Engine) -> None:
    calendar = Calendar("UTC", horizon=730, rules=daily(NINE, NINE + 30))
    now = at(MONDAY, 0)
    assert len(await offered(engine, calendar, days=62, now=now)) == 62
    assert len(await offered(engine, calendar, days=400, now=now)) == 62
