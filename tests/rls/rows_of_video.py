"""Rows of the wall's world about video: settings, their secrets, meetings and their links."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from tests.rls.law import Row
from tests.rls.making import BOOKINGS, NOW, VERIFIED, shared
from tests.rls.people import uid

_SEALED: Mapping[str, object] = {
    "key_id": "k1",
    "wrapped_key": b"w" * 40,
    "sealed": b"s" * 40,
}


def video_configs() -> Iterator[Row]:
    for name in VERIFIED:
        yield Row(
            f"video of {name}",
            {
                "id": uid(f"video of {name}"),
                "specialist_id": uid(name),
                "provider": "zoom",
                "mode": "static",
            },
            owner=name,
        )


def keys_of_video() -> Iterator[Row]:
    for config in video_configs():
        yield Row(
            config.label,
            {
                "config_id": config.values["id"],
                "specialist_id": config.values["specialist_id"],
                **_SEALED,
            },
            owner=config.owner,
        )


def meetings() -> Iterator[Row]:
    for label, specialist, client, _ in BOOKINGS[:2]:
        yield shared(
            f"meeting {label}",
            specialist,
            client,
            booking_id=uid(label),
            starts_at=NOW + timedelta(days=10),
            ends_at=NOW + timedelta(days=10, minutes=30),
        )


def links_of_meetings() -> Iterator[Row]:
    for meeting in meetings():
        yield Row(
            meeting.label,
            {
                "meeting_id": meeting.values["id"],
                "specialist_id": meeting.values["specialist_id"],
                "client_id": meeting.values["client_id"],
                **_SEALED,
            },
        )
