"""Free times on days when clocks jump: nothing that the wall clock skips, all that it repeats."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.features.availability.conftest import Engine
from tests.features.availability.oracle import Calendar, Exclusion, Question
from tests.features.availability.test_engine_promises import daily, offered

SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
NEW_YORK = "America/New_York"


async def test_a_spring_gap_yields_no_phantom_slot(engine: Engine) -> None:
    calendar = Calendar(NEW_YORK, rules=daily(60, 240))
    assert await offered(engine, calendar, SPRING) == ["01:00", "01:30", "03:00", "03:30"]


@pytest.mark.parametrize(
    ("opens", "closes", "starts"),
    [
        (120, 180, []),
        (135, 165, []),
        (0, 150, ["00:00", "00:30", "01:00", "01:30"]),
        (150, 240, ["03:30"]),
    ],
)
async def test_hours_that_touch_the_gap_offer_only_what_the_clock_shows(
    engine: Engine, opens: int, closes: int, starts: list[str]
) -> None:
    assert await offered(engine, Calendar(NEW_YORK, rules=daily(opens, closes)), SPRING) == starts


async def test_a_session_does_not_run_past_closing_because_the_clock_jumped(
    engine: Engine,
) -> None:
    calendar = Calendar(NEW_YORK, rules=daily(0, 150))
    assert await offered(engine, calendar, SPRING, minutes=60) == ["00:00", "00:30", "01:00"]


async def test_an_autumn_overlap_yields_both_half_past_ones(engine: Engine) -> None:
    calendar = Calendar(NEW_YORK, rules=daily(0, 180))
    assert await offered(engine, calendar, AUTUMN) == [
        *("00:00", "00:30", "01:00", "01:30"),
        *("01:00", "01:30", "02:00", "02:30"),
    ]


async def test_hours_that_open_in_the_repeated_hour_open_the_second_time(engine: Engine) -> None:
    calendar = Calendar(NEW_YORK, rules=daily(60, 120))
    assert await offered(engine, calendar, AUTUMN) == ["01:00", "01:30"]
    zone = ZoneInfo(NEW_YORK)
    whole_day = Question(datetime(2026, 11, 1, tzinfo=zone), datetime(2026, 11, 2, tzinfo=zone))
    [first, _] = await engine.answer(calendar, whole_day, now=datetime(2026, 10, 30, tzinfo=zone))
    assert first.starts_at == datetime(2026, 11, 1, 6, tzinfo=ZoneInfo("UTC"))


async def test_half_an_hour_of_jump_shifts_the_grid_by_half_an_hour(engine: Engine) -> None:
    calendar = Calendar("Australia/Lord_Howe", rules=daily(60, 240, slot=60))
    assert await offered(engine, calendar, date(2026, 10, 4)) == ["01:00", "02:30"]
    assert await offered(engine, calendar, date(2026, 4, 5)) == ["01:00", "01:30", "02:30"]


async def test_a_date_that_never_was_offers_nothing(engine: Engine) -> None:
    calendar = Calendar("Pacific/Apia", rules=daily(9 * 60, 10 * 60))
    friday = date(2011, 12, 30)
    assert await offered(engine, calendar, friday - timedelta(days=1), days=3) == [
        *("09:00", "09:30", "09:00", "09:30"),
    ]


async def test_a_gap_that_ends_at_midnight_gives_the_next_day_nothing(engine: Engine) -> None:
    calendar = Calendar("America/Nuuk", rules=daily(23 * 60, 23 * 60 + 30))
    assert await offered(engine, calendar, date(2025, 3, 29), days=1) == []
    assert await offered(engine, calendar, date(2025, 3, 30), days=1) == ["23:00"]


async def test_a_day_may_begin_at_one(engine: Engine) -> None:
    calendar = Calendar("Asia/Beirut", rules=daily(0, 120))
    assert await offered(engine, calendar, date(2025, 3, 30)) == ["01:00", "01:30"]


async def test_clocks_that_fall_back_over_midnight_lose_no_evening(engine: Engine) -> None:
    """Asked in the first minute of the new day, which the clock then leaves again."""
    calendar = Calendar("America/St_Johns", rules=daily(23 * 60, 1440, slot=15))
    zone = ZoneInfo("America/St_Johns")
    earliest = datetime(2010, 11, 7, 0, 0, 30, tzinfo=zone)
    slots = await engine.answer(
        calendar,
        Question(earliest, datetime(2010, 11, 7, 6, tzinfo=zone)),
        now=earliest - timedelta(days=1),
    )
    starts = [slot.starts_at.astimezone(zone).strftime("%d %H:%M") for slot in slots]
    assert starts == ["06 23:15", "06 23:30", "06 23:45"]


async def test_a_block_that_falls_into_the_gap_blocks_nothing(engine: Engine) -> None:
    block = Exclusion(SPRING, available=False, opens=150, closes=180)
    calendar = Calendar(NEW_YORK, rules=daily(60, 240), exclusions=(block,))
    assert await offered(engine, calendar, SPRING) == ["01:00", "01:30", "03:00", "03:30"]


async def test_a_blocked_day_is_blocked_in_both_passes(engine: Engine) -> None:
    block = Exclusion(AUTUMN, available=False)
    calendar = Calendar(NEW_YORK, rules=daily(0, 1440), exclusions=(block,))
    assert await offered(engine, calendar, AUTUMN) == []
