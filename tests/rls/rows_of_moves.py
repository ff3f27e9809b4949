"""Rows of the wall's world about sessions that were moved, or that somebody would like to move."""

from collections.abc import Iterator
from datetime import timedelta

from tests.rls.law import Row
from tests.rls.making import BOOKINGS, NOW, shared
from tests.rls.people import uid

_MOVED = (*BOOKINGS[:2], BOOKINGS[5])


def reschedules() -> Iterator[Row]:
    for label, specialist, client, _ in _MOVED:
        yield shared(
            f"move {label}",
            specialist,
            client,
            booking_id=uid(label),
            revision=1,
            from_starts_at=NOW,
            from_ends_at=NOW + timedelta(minutes=30),
            to_starts_at=NOW + timedelta(days=1),
            to_ends_at=NOW + timedelta(days=1, minutes=30),
            moved_by=uid(client),
            moved_by_kind="client",
        )


def proposals() -> Iterator[Row]:
    for label, specialist, client, _ in _MOVED:
        yield shared(
            f"proposal {label}",
            specialist,
            client,
            booking_id=uid(label),
            starts_at=NOW + timedelta(days=2),
            proposed_by=uid(specialist),
        )
