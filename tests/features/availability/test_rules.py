"""Minutes of the day, spans and tokens: values in, values out."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.features.availability.errors import InvalidSpan
from consulta.features.availability.rules import (
    Edge,
    Span,
    clock_of,
    hold_token_hash,
    minute_of,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@given(st.integers(0, 1440))
def test_a_minute_and_its_clock_are_the_same(minute: int) -> None:
    assert minute_of(clock_of(minute)) == minute


def test_the_end_of_the_day_is_24_00() -> None:
    assert (clock_of(0), clock_of(540), clock_of(1440)) == ("00:00", "09:00", "24:00")


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (None, None),
        (NOON, None),
        (None, NOON),
        (NOON, NOON + timedelta(microseconds=1)),
        (NOON, NOON + timedelta(days=62)),
        (date(2026, 12, 1), date(2026, 12, 1)),
        (date(2026, 12, 1), date(2027, 1, 31)),
        (date(2026, 12, 1), NOON),
        # Where one end is a date, its zone is not known: a day either way is forgiven.
        (NOON, date(2026, 12, 1)),
        (date(2026, 12, 2), NOON),
    ],
)
def test_a_span_that_can_be_asked_for(begins: Edge, ends: Edge) -> None:
    Span(begins, ends).check()


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (NOON, NOON),
        (NOON, NOON - timedelta(seconds=1)),
        (NOON, NOON.astimezone(timezone(timedelta(hours=4)))),
        (NOON, NOON + timedelta(days=62, microseconds=1)),
        (date(2026, 12, 2), date(2026, 12, 1)),
        (date(2026, 12, 1), date(2027, 2, 1)),
        (date(2026, 12, 3), NOON),
        (NOON, date(2027, 3, 1)),
    ],
)
def test_a_span_that_cannot(begins: Edge, ends: Edge) -> None:
    with pytest.raises(InvalidSpan):
        Span(begins, ends).check()


def test_a_span_knows_whether_it_has_dates() -> None:
    assert Span(date(2026, 12, 1), None).has_dates
    assert Span(NOON, date(2026, 12, 1)).has_dates
    assert not Span(NOON, None).has_dates


def test_a_token_is_kept_as_32_bytes_whatever_it_is() -> None:
    assert len(hold_token_hash("")) == len(hold_token_hash("\udfff")) == 32
