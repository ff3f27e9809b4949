"""Decisions about recordings, without I/O: of what, where it goes, which link holds."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consulta.features.bookings.errors import BookingNotConfirmed, BookingNotStarted
from consulta.features.bookings.status import BookingStatus
from consulta.features.recordings.errors import (
    RecordingDeleted,
    RecordingNotReady,
    RecordingNotUploading,
)
from consulta.features.recordings.queries import Recording
from consulta.features.recordings.status import RecordingStatus
from consulta.kernel.actor import Role

UPLOAD_LASTS = timedelta(hours=1)
DOWNLOAD_LASTS = timedelta(hours=24)
UPLOAD_SECONDS_MAX = 3600.0
MOST_RECORDINGS = 20
MOST_BYTES = 5_368_709_120
"""What an S3 store takes in one piece: 5 GiB."""

_HELD = frozenset(
    {
        BookingStatus.CONFIRMED,
        BookingStatus.COMPLETED,
        BookingStatus.NO_SHOW,
        BookingStatus.REFUNDED,
    }
)
_RANGE = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{1,15})?|-([0-9]{1,15}))")
MEDIA_TYPES: Mapping[str, str] = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
}


def ensure_recordable(booking: Mapping[str, Any], *, now: datetime) -> None:
    """Only a session that took place has recordings. Raises `BookingNotConfirmed` and
    `BookingNotStarted`.
    """
    if booking["status"] not in _HELD:
        raise BookingNotConfirmed
    if booking["starts_at"] > now:
        raise BookingNotStarted


def storage_path(*, booking_id: UUID, starts_at: datetime, number: int, file_format: str) -> str:
    """Where the object is, by the month of the session; the first one has no number."""
    suffix = "" if number == 1 else f"-{number}"
    return f"sessions/{starts_at:%Y-%m}/booking-{booking_id}{suffix}.{file_format}"


def filename(recording: Recording) -> str:
    """How the file is called on the disk of whoever fetches it: with nobody's name in it."""
    return recording.storage_path.rpartition("/")[2]


def is_intact(recording: Recording, *, size_bytes: int, sha256: bytes | None) -> bool:
    """Whether what is stored is what was announced."""
    return size_bytes == recording.storage_size_bytes and sha256 == recording.sha256


def download_lasts(recording: Recording, *, now: datetime) -> timedelta:
    """How long a link to the recording holds: a day, and never beyond the recording itself. Raises
    `RecordingDeleted` and `RecordingNotReady`.
    """
    if recording.status is RecordingStatus.DELETED:
        raise RecordingDeleted
    if recording.status is not RecordingStatus.READY:
        raise RecordingNotReady
    if recording.expires_at is None:
        return DOWNLOAD_LASTS
    if recording.expires_at <= now:
        raise RecordingDeleted
    return min(DOWNLOAD_LASTS, recording.expires_at - now)


def is_usable_range(header: str, *, size_bytes: int) -> bool:
    """Whether a `Range` names one part that the file has; any other may be overlooked, and the
    file is given whole (RFC 9110, section 14.2).
    """
    found = _RANGE.fullmatch(header)
    if found is None:
        return False
    start, end, tail = (int(number) if number else None for number in found.groups())
    if start is None:
        return bool(tail)
    return start < size_bytes and (end is None or start <= end)


def ensure_uploading(recording: Recording) -> None:
    """Raises `RecordingNotUploading`."""
    if recording.status is not RecordingStatus.UPLOADING:
        raise RecordingNotUploading


def may_still(
    method: str, *, person: UUID, holder: Mapping[str, Any] | None, recording: Recording
) -> bool:
    """Whether who was given a link may still use it: fetch as a party, bring as an admin."""
    if holder is None or not holder["is_active"]:
        return False
    if method == "GET":
        return person in {recording.client_id, recording.specialist_id}
    return bool(holder["role"] == Role.ADMIN)
