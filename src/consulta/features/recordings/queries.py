"""Every select of recordings, named for what it returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import asyncpg

from consulta.features.recordings.status import RecordingStatus
from consulta.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as the reader may see it; the object itself is in the storage."""

    id: UUID
    booking_id: UUID
    specialist_id: UUID
    client_id: UUID
    number: int
    status: RecordingStatus
    storage_path: str
    file_format: str
    duration_seconds: int
    storage_size_bytes: int
    sha256: bytes
    is_encrypted: bool
    upload_expires_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        values = {name: row[name] for name in cls.__slots__}
        return cls(**values | {"status": RecordingStatus(row["status"])})


_RECORDING = """
SELECT r.id, r.booking_id, r.specialist_id, r.client_id, r.number, r.status, r.storage_path,
       r.file_format, r.duration_seconds, r.storage_size_bytes, r.sha256, r.is_encrypted,
       r.upload_expires_at, r.ready_at, r.expires_at, r.deleted_at, r.created_at
FROM app.meeting_recordings r
"""


async def recording(work: Work, *, booking_id: UUID, recording_id: UUID) -> Recording | None:
    """A recording of that booking, as far as the reader is a party of it or an admin."""
    row = await work.fetchrow(
        f"{_RECORDING} WHERE r.id = $1 AND r.booking_id = $2", recording_id, booking_id
    )
    return Recording.of(row) if row is not None else None


async def recording_for_update(work: Work, recording_id: UUID) -> Recording | None:
    """The same by its id alone, locked: for those who write."""
    row = await work.fetchrow(f"{_RECORDING} WHERE r.id = $1 FOR UPDATE", recording_id)
    return Recording.of(row) if row is not None else None


async def recordings_of(work: Work, booking_id: UUID) -> Sequence[Recording]:
    """All recordings of a booking, the first one first; there are 20 at most."""
    rows = await work.fetch(
        f"{_RECORDING} WHERE r.booking_id = $1 ORDER BY r.number LIMIT 100", booking_id
    )
    return [Recording.of(row) for row in rows]


async def booking_to_record(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """The session, locked so that its recordings are numbered one after the other."""
    return await work.fetchrow(
        "SELECT b.id, b.specialist_id, b.client_id, b.status, b.starts_at FROM app.bookings b"
        " WHERE b.id = $1 FOR NO KEY UPDATE",
        booking_id,
    )


async def last_number_of(work: Work, booking_id: UUID) -> int:
    """The number of the booking's latest recording; 0 where there is none."""
    found: int = await work.fetchval(
        "SELECT coalesce(max(r.number), 0) FROM app.meeting_recordings r WHERE r.booking_id = $1",
        booking_id,
    )
    return found


async def retention_days_of(work: Work, specialist_id: UUID) -> int | None:
    """How many days the specialist keeps recordings; None: for ever."""
    days: int | None = await work.fetchval(
        "SELECT s.retention_days FROM app.recording_settings s WHERE s.specialist_id = $1",
        specialist_id,
    )
    return days


async def holder_of_link(work: Work, person: UUID) -> asyncpg.Record | None:
    """Whether the account to which a link was given still stands, and as what."""
    return await work.fetchrow(
        "SELECT u.role, u.is_active FROM app.users u WHERE u.id = $1", person
    )


async def recording_at(work: Work, storage_path: str) -> Recording | None:
    """The recording whose object is there."""
    row = await work.fetchrow(f"{_RECORDING} WHERE r.storage_path = $1", storage_path)
    return Recording.of(row) if row is not None else None


# An address that was signed for an upload may be used until it lapses, and the upload itself takes
# its time: an object is gone for good only if it is deleted after that.
UPLOADS_ARE_OVER = "upload_expires_at < app.now() - interval '1 hour'"

_TO_PURGE = f"""
SELECT r.id FROM app.meeting_recordings r
WHERE (r.status = 'ready' AND r.expires_at <= app.now() OR {UPLOADS_ARE_OVER}
           AND (r.status = 'uploading'
                OR r.status IN ('failed', 'deleted') AND r.object_deleted_at IS NULL))
  AND r.id <> ALL ($1)
ORDER BY r.id LIMIT $2
"""


async def recordings_to_purge(work: Work, *, except_ids: Sequence[UUID], limit: int) -> list[UUID]:
    """Recordings whose time is over, uploads that never were completed, and whatever left an
    object behind.
    """
    return [row["id"] for row in await work.fetch(_TO_PURGE, except_ids, limit)]
