"""Rows of the wall's world about what sessions leave behind: recordings and reviews."""

from collections.abc import Iterator
from datetime import timedelta

from tests.rls.law import Row
from tests.rls.making import BOOKINGS, NOW, VERIFIED, shared
from tests.rls.people import uid


def retentions() -> Iterator[Row]:
    for name in VERIFIED:
        yield Row(name, {"specialist_id": uid(name), "retention_days": 30}, owner=name)


def recordings() -> Iterator[Row]:
    for label, specialist, client, _ in (*BOOKINGS[:2], BOOKINGS[5]):
        yield shared(
            f"recording {label}",
            specialist,
            client,
            booking_id=uid(label),
            number=1,
            storage_path=f"sessions/2026-01/booking-{uid(label)}.mp4",
            file_format="mp4",
            duration_seconds=60,
            storage_size_bytes=9,
            sha256=b"s" * 32,
            upload_expires_at=NOW + timedelta(days=2),
        )


def reviews() -> Iterator[Row]:
    for label, specialist, client, _ in (*BOOKINGS[:2], BOOKINGS[5]):
        yield shared(f"review {label}", specialist, client, booking_id=uid(label), rating=5)
