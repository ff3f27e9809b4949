"""Writing recordings: announced, arrived, corrupt, over; and how long a specialist keeps them."""

from datetime import timedelta
from uuid import UUID

from consulta.features.bookings.errors import BookingNotFound
from consulta.features.recordings import queries, rules
from consulta.features.recordings.errors import RecordingNotFound, TooManyRecordings
from consulta.features.recordings.queries import Recording
from consulta.features.recordings.schemas import RecordingCreate
from consulta.features.recordings.states import change_status
from consulta.features.recordings.status import RecordingStatus
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.platform.db.work import Work

_ANNOUNCE = """
INSERT INTO app.meeting_recordings (booking_id, specialist_id, client_id, number, storage_path,
    file_format, duration_seconds, storage_size_bytes, sha256, is_encrypted, upload_expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, app.now() + $11::interval)
RETURNING *
"""

_GONE = f"""
UPDATE app.meeting_recordings r SET object_deleted_at = app.now()
WHERE r.id = $1 AND r.status IN ('failed', 'deleted') AND r.object_deleted_at IS NULL
  AND r.{queries.UPLOADS_ARE_OVER}
"""

_KEEP = """
INSERT INTO app.recording_settings AS s (specialist_id, retention_days)
SELECT p.id, $2 FROM app.specialists p WHERE p.id = $1
ON CONFLICT (specialist_id) DO UPDATE SET retention_days = excluded.retention_days
RETURNING s.retention_days
"""


async def announce(work: Work, body: RecordingCreate, *, booking_id: UUID) -> Recording:
    """A recording of that session is expected, at a place of its own. Raises BookingNotFound,
    BookingNotConfirmed, BookingNotStarted, TooManyRecordings.
    """
    booking = await queries.booking_to_record(work, booking_id)
    if booking is None:
        raise BookingNotFound
    rules.ensure_recordable(booking, now=await work.now())
    number = await queries.last_number_of(work, booking_id) + 1
    if number > rules.MOST_RECORDINGS:
        raise TooManyRecordings
    path = rules.storage_path(
        booking_id=booking_id,
        starts_at=booking["starts_at"],
        number=number,
        file_format=body.file_format,
    )
    row = await work.fetchrow(
        _ANNOUNCE,
        booking_id,
        booking["specialist_id"],
        booking["client_id"],
        number,
        path,
        body.file_format,
        body.duration_seconds,
        body.storage_size_bytes,
        bytes.fromhex(body.sha256),
        body.is_encrypted,
        rules.UPLOAD_LASTS,
    )
    assert row is not None
    work.audit(
        "recording.announced",
        subject_type="meeting_recording",
        subject_id=row["id"],
        new={"booking_id": booking_id, "storage_path": path, **body.model_dump()},
    )
    return Recording.of(row)


async def settle(work: Work, *, recording_id: UUID, intact: bool) -> Recording:
    """The recording is ready, or failed where what came is not what was announced; whoever was
    faster has said the same. Raises RecordingNotUploading.
    """
    recording = await _locked(work, recording_id)
    to = RecordingStatus.READY if intact else RecordingStatus.FAILED
    if recording.status is to:
        return recording
    rules.ensure_uploading(recording)
    return await change_status(work, recording, to, reason=None if intact else "corrupt")


async def delete(work: Work, *, booking_id: UUID, recording_id: UUID) -> Recording:
    """Nobody gets a link to the recording any more; its object is to go. What failed or was
    deleted before stays as it is. Raises RecordingNotFound.
    """
    recording = await _locked(work, recording_id)
    if recording.booking_id != booking_id:
        raise RecordingNotFound
    if recording.status in {RecordingStatus.FAILED, RecordingStatus.DELETED}:
        return recording
    return await change_status(work, recording, RecordingStatus.DELETED, reason="by an admin")


async def lapse(work: Work, *, recording_id: UUID) -> Recording:
    """What expired is deleted, an upload that never was completed has failed; all else stays."""
    recording = await _locked(work, recording_id)
    now = await work.now()
    if recording.status is RecordingStatus.UPLOADING:
        if recording.upload_expires_at < now - timedelta(hours=1):
            return await change_status(
                work, recording, RecordingStatus.FAILED, reason="never completed"
            )
    elif (
        recording.status is RecordingStatus.READY
        and recording.expires_at is not None
        and recording.expires_at <= now
    ):
        return await change_status(work, recording, RecordingStatus.DELETED, reason="expired")
    return recording


async def object_is_gone(work: Work, *, recording_id: UUID) -> bool:
    """The storage has deleted the object; False while somebody could still bring another one, and
    the purge will come by again.
    """
    return await work.execute(_GONE, recording_id) == 1


async def keep_for(work: Work, *, retention_days: int | None) -> int | None:
    """The actor's recordings are kept for so many days from now on, those of before included; the
    first of them goes a day from now. Raises SpecialistNotFound.
    """
    before = await queries.retention_days_of(work, work.person)
    row = await work.fetchrow(_KEEP, work.person, retention_days)
    if row is None:
        raise SpecialistNotFound
    work.audit(
        "recording_settings.changed",
        subject_type="specialist",
        subject_id=work.person,
        old={"retention_days": before},
        new={"retention_days": retention_days},
    )
    return retention_days


def link_was_given(work: Work, recording: Recording, *, lasts: timedelta) -> None:
    """The audit log knows who may fetch the recording, and for how long."""
    work.audit(
        "recording.link_given",
        subject_type="meeting_recording",
        subject_id=recording.id,
        new={"booking_id": recording.booking_id, "seconds": int(lasts.total_seconds())},
    )


async def _locked(work: Work, recording_id: UUID) -> Recording:
    recording = await queries.recording_for_update(work, recording_id)
    if recording is None:
        raise RecordingNotFound
    return recording
