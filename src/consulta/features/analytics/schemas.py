"""Response bodies of analytics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import Field

from consulta.features.analytics.rules import (
    PARTIES,
    REASONS,
    STATUSES,
    Period,
    Unit,
    series,
    share,
    totals,
)
from consulta.platform.http.schema import Answer


class BookingStats(Answer):
    """The state of the house at `at`."""

    counts: dict[str, int] = Field(description="Bookings by status", examples=[{"confirmed": 12}])
    total: int
    live_holds: int
    overdue_unpaid: int
    revenue: dict[str, int] = Field(
        description="Taken less returned, in minor units, by currency", examples=[{"USD": 240000}]
    )
    at: datetime


class Lines(Answer):
    """Series by name, each with one number for every period, and their sums. A name of a known list
    is there even where all is 0; currencies are those that were taken.
    """

    series: dict[str, list[int]] = Field(examples=[{"confirmed": [3, 0, 5]}])
    totals: dict[str, int] = Field(examples=[{"confirmed": 8}])


class Revenue(Answer):
    """In minor units, by currency."""

    taken: Lines
    returned: Lines
    net: Lines


class Cancellations(Answer):
    """At the date on which somebody cancelled or declined, not that of the session."""

    by_reason: Lines = Field(description="By `reason_code`; `unknown` where none was given")
    by_actor: Lines = Field(description="By who ended it: `client`, `specialist` or `admin`")


class PackageSales(Answer):
    """Packages that became their buyers' in the period."""

    sold: list[int]
    credits_sold: list[int]
    revenue: Revenue


class NoShows(Answer):
    """Of the sessions that were due, how many clients stayed away; null where none was due."""

    held: list[int]
    missed: list[int]
    rate: list[float | None]
    overall_rate: float | None


class StatSeries(Answer):
    """Ready to plot: every list has one entry for each date in `periods`."""

    unit: Unit = Field(serialization_alias="by")
    time_zone: str
    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    periods: list[date] = Field(description="The first local date of each part, in order")
    bookings: Lines = Field(description="By status, at the date of the session")
    revenue: Revenue = Field(description="Of sessions, at the date of the session")
    cancellations: Cancellations
    packages: PackageSales
    no_shows: NoShows


@dataclass(frozen=True, slots=True)
class Found:
    """What the queries found, as rows with `starts_on`."""

    bookings: Any
    revenue: Any
    cancellations: Any
    packages: Any


def stat_series(period: Period, found: Found) -> StatSeries:
    """The rows as dense series over the period."""
    starts = period.starts()
    by_status = series(starts, found.bookings, name="status", value="count", names=STATUSES)
    return StatSeries(
        unit=period.unit,
        time_zone=period.time_zone,
        first=period.first,
        last=period.last,
        periods=starts,
        bookings=_lines(by_status),
        revenue=_revenue(starts, found.revenue),
        cancellations=Cancellations(
            by_reason=_counted(starts, found.cancellations, "reason_code", REASONS),
            by_actor=_counted(starts, found.cancellations, "cancelled_by", PARTIES),
        ),
        packages=PackageSales(
            sold=_sum_of(starts, found.packages, "sold"),
            credits_sold=_sum_of(starts, found.packages, "credits_sold"),
            revenue=_revenue(starts, found.packages),
        ),
        no_shows=_no_shows(by_status),
    )


def _lines(found: Mapping[str, list[int]]) -> Lines:
    return Lines(series=dict(found), totals=totals(found))


def _counted(starts: list[date], rows: Any, name: str, names: tuple[str, ...]) -> Lines:
    return _lines(series(starts, rows, name=name, value="count", names=names))


def _revenue(starts: list[date], rows: Any) -> Revenue:
    taken = series(starts, rows, name="currency", value="taken_minor")
    returned = series(starts, rows, name="currency", value="returned_minor")
    net = {
        currency: [got - gone for got, gone in zip(line, returned[currency], strict=True)]
        for currency, line in taken.items()
    }
    return Revenue(taken=_lines(taken), returned=_lines(returned), net=_lines(net))


def _sum_of(starts: list[date], rows: Any, value: str) -> list[int]:
    by_currency = series(starts, rows, name="currency", value=value)
    return [sum(column) for column in zip([0] * len(starts), *by_currency.values(), strict=True)]


def _no_shows(by_status: Mapping[str, list[int]]) -> NoShows:
    # A session that was refunded later had been held, or missed: which of both is not known.
    held, missed = by_status["completed"], by_status["no_show"]
    return NoShows(
        held=held,
        missed=missed,
        rate=[share(gone, came + gone) for came, gone in zip(held, missed, strict=True)],
        overall_rate=share(sum(missed), sum(held) + sum(missed)),
    )
