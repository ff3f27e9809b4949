"""Decisions of series: where a series may lie in time, and what a dry run says of a date."""

from datetime import date, timedelta

from consulta.features.recurring.errors import EndDateOutOfRange, StartDateOutOfRange

MOST_DAYS_AHEAD = 366
LONGEST = timedelta(days=5 * 366)
MOST_PREVIEWED = 26
"""How many dates a dry run answers for: half a year of weeks."""
MOST_UPCOMING = 10
MOST_OCCURRENCES = 100
MOST_CANCELLED_AT_ONCE = 200
PARKED_AFTER_TRIES = 5
"""So often a series may fail to be dispatched before a person has to look at it."""


def check_start(start: date, *, today: date) -> None:
    """`today` is the specialist's. Raises `StartDateOutOfRange`."""
    if not today <= start <= today + timedelta(days=MOST_DAYS_AHEAD):
        raise StartDateOutOfRange


def check_end(end: date | None, *, start: date, today: date) -> None:
    """An open-ended series is fine. Raises `EndDateOutOfRange`."""
    if end is not None and not max(start, today) <= end <= start + LONGEST:
        raise EndDateOutOfRange


def is_free(state: str) -> bool | None:
    """Whether a date of a dry run can be had; None where nobody can know yet."""
    return None if state == "not_open_yet" else state == "free"


def reason_of(state: str) -> str | None:
    """Why a date of a dry run cannot be had, or cannot be said to be free; None for a free one."""
    return None if state == "free" else state
