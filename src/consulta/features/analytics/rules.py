"""Periods, and rows of counts turned into series: values in, values out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args

from consulta.features.bookings.rules import Party, ReasonCode
from consulta.features.bookings.status import BookingStatus

Unit = Literal["day", "week", "month"]
UNKNOWN = "unknown"
"""The reason of whoever gave none."""
STATUSES: tuple[str, ...] = tuple(BookingStatus)
REASONS: tuple[str, ...] = (*get_args(ReasonCode), UNKNOWN)
PARTIES: tuple[str, ...] = get_args(Party)
MOST_POINTS = 400
"""A plot with more points says nothing more."""

USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Period:
    """Local dates from `first` to `last`, both counted, on the clock of `time_zone`, cut into
    days, weeks (from Monday) or months.
    """

    first: date
    last: date
    unit: Unit
    time_zone: str

    def starts(self) -> list[date]:
        """The first date of each part, in order; of the first part, it may lie before `first`."""
        found = [beginning_of(self.first, self.unit)]
        while (following := next_beginning(found[-1], self.unit)) <= self.last:
            found.append(following)
        return found


def beginning_of(day: date, unit: Unit) -> date:
    """The first date of the day, week or month that holds that day."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def next_beginning(start: date, unit: Unit) -> date:
    """The first date of the part after the one that begins at `start`."""
    if unit == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if unit == "week" else 1)


def points(first: date, last: date, unit: Unit) -> int:
    """How many parts a period has, at least; cheap enough to be asked before anything is built."""
    days = (last - first).days
    return days // {"day": 1, "week": 7, "month": 31}[unit] + 1


def series(
    starts: list[date],
    rows: Iterable[Mapping[str, Any]],
    *,
    name: str,
    value: str,
    names: Iterable[str] = (),
) -> dict[str, list[int]]:
    """For each `name` in the rows, and for all `names`, the sum of `value` at every start, 0 where
    there is none.
    """
    place = {start: index for index, start in enumerate(starts)}
    found = {one: [0] * len(starts) for one in names}
    for row in rows:
        line = found.setdefault(row[name], [0] * len(starts))
        line[place[row["starts_on"]]] += row[value]
    return dict(sorted(found.items()))


def totals(lines: Mapping[str, list[int]]) -> dict[str, int]:
    """Each line's sum."""
    return {name: sum(line) for name, line in lines.items()}


def share(part: int, whole: int) -> float | None:
    """What fraction, to four places; None where there is nothing to be a fraction of."""
    return round(part / whole, 4) if whole else None
