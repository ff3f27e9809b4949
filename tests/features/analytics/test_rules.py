"""Periods and series, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.features.analytics.rules import (
    Period,
    Unit,
    beginning_of,
    next_beginning,
    points,
    series,
    share,
    totals,
)

UNITS: tuple[Unit, ...] = ("day", "week", "month")
DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("day", [date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 1)]),
        ("week", [date(2026, 1, 26)]),
        ("month", [date(2026, 1, 1), date(2026, 2, 1)]),
    ],
)
def test_a_period_is_cut_into_its_parts(unit: Unit, expected: list[date]) -> None:
    assert Period(date(2026, 1, 30), date(2026, 2, 1), unit, "UTC").starts() == expected


@given(first=DAYS, days=st.integers(0, 400), unit=st.sampled_from(UNITS))
def test_every_date_falls_into_exactly_one_part(first: date, days: int, unit: Unit) -> None:
    last = first + timedelta(days=days)
    starts = Period(first, last, unit, "UTC").starts()
    assert starts == sorted(set(starts))
    assert starts[0] <= first
    assert beginning_of(last, unit) == starts[-1]
    assert all(beginning_of(start, unit) == start for start in starts)
    assert next_beginning(starts[-1], unit) > last
    # Cheap to know beforehand: never more than one part fewer at either end.
    assert points(first, last, unit) <= len(starts) <= points(first, last, unit) * 1.2 + 2


def test_a_series_is_dense_and_sums_rows_of_the_same_name() -> None:
    starts = [date(2026, 1, day) for day in (1, 2, 3)]
    rows = [
        {"starts_on": starts[2], "status": "held", "count": 2},
        {"starts_on": starts[2], "status": "held", "count": 1},
        {"starts_on": starts[0], "status": "away", "count": 4},
    ]
    found = series(starts, rows, name="status", value="count")
    assert found == {"away": [4, 0, 0], "held": [0, 0, 3]}
    assert totals(found) == {"away": 4, "held": 3}
    dense = series(starts, rows[:1], name="status", value="count", names=("away", "held"))
    assert dense == {"away": [0, 0, 0], "held": [0, 0, 2]}


def test_a_share_of_nothing_is_unknown() -> None:
    assert share(1, 3) == 0.3333
    assert share(0, 0) is None
