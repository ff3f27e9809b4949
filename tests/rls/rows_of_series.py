"""Rows of the wall's world about series and their dates."""

from collections.abc import Iterator
from datetime import timedelta

from tests.rls.law import Row
from tests.rls.making import NOW, shared
from tests.rls.people import uid

SERIES = (
    ("r1", "sara", "anna"),
    ("r2", "omar", "ben"),
    ("r3", "sara", "omar"),
    ("r4", "omar", "anna"),
)
"""Label, specialist, client. Anna has nothing else with Omar."""
_FIRST = NOW + timedelta(days=7)


def series() -> Iterator[Row]:
    for label, specialist, client in SERIES:
        yield shared(
            label,
            specialist,
            client,
            rate_id=uid(f"rate of {specialist}"),
            frequency="weekly",
            start_date=_FIRST.date(),
            next_booking_date=_FIRST.date(),
            anchor_day=_FIRST.day,
            payment_mode="manual",
            created_by=uid(client),
        )


def occurrences() -> Iterator[Row]:
    for label, specialist, client in SERIES:
        yield shared(
            f"date {label}",
            specialist,
            client,
            recurring_booking_id=uid(label),
            local_date=_FIRST.date(),
            starts_at=_FIRST,
            outcome="skipped",
            reason="taken",
        )
