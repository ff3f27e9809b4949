"""Where a series may lie, and what a date of a dry run says: values in, values out."""

from datetime import date, timedelta

import pytest

from consulta.features.recurring import rules
from consulta.features.recurring.errors import EndDateOutOfRange, StartDateOutOfRange

TODAY = date(2028, 2, 29)


@pytest.mark.parametrize(("ahead", "fits"), [(-1, False), (0, True), (366, True), (367, False)])
def test_where_a_series_may_begin(ahead: int, fits: bool) -> None:
    start = TODAY + timedelta(days=ahead)
    if fits:
        rules.check_start(start, today=TODAY)
    else:
        with pytest.raises(StartDateOutOfRange):
            rules.check_start(start, today=TODAY)


@pytest.mark.parametrize(
    ("start", "end", "fits"),
    [
        (3, None, True),
        (3, 2, False),
        (3, 3, True),
        (3, 3 + 1830, True),
        (3, 3 + 1831, False),
        (-30, -1, False),
        (-30, 0, True),
    ],
)
def test_where_a_series_may_end(start: int, end: int | None, fits: bool) -> None:
    begins = TODAY + timedelta(days=start)
    ends = None if end is None else TODAY + timedelta(days=end)
    if fits:
        rules.check_end(ends, start=begins, today=TODAY)
    else:
        with pytest.raises(EndDateOutOfRange):
            rules.check_end(ends, start=begins, today=TODAY)


@pytest.mark.parametrize(
    ("state", "free", "reason"),
    [
        ("free", True, None),
        ("taken", False, "taken"),
        ("closed", False, "closed"),
        ("not_open_yet", None, "not_open_yet"),
    ],
)
def test_what_a_state_means(state: str, free: bool | None, reason: str | None) -> None:
    assert (rules.is_free(state), rules.reason_of(state)) == (free, reason)
