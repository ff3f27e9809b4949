"""A recording is announced, brought by somebody else, and held against what was announced."""

import asyncio
from uuid import UUID

from starlette.responses import Response

from consulta.features.recordings import queries, rules, service
from consulta.features.recordings.errors import (
    RecordingCorrupt,
    RecordingNotFound,
    RecordingNotUploaded,
)
from consulta.features.recordings.flows.removing import remove_object
from consulta.features.recordings.flows.shelf import Shelf
from consulta.features.recordings.queries import Recording
from consulta.features.recordings.schemas import RecordingAnnounced, RecordingCreate, UploadOut
from consulta.features.recordings.status import RecordingStatus
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.platform.http.idempotency import Once
from consulta.providers.storage.port import Grant, StorageUnavailable

_SUM_SECONDS_MAX = 600.0


async def announce(
    shelf: Shelf, actor: Actor, body: RecordingCreate, *, booking_id: UUID, once: Once
) -> Response:
    """The recording is expected, and the admin knows where to bring it. Raises as
    `service.announce`.
    """
    assert actor.id is not None
    async with shelf.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
        if beginning.resumed and beginning.subject_id is not None:
            recording = await _known(work, booking_id, beginning.subject_id)
        else:
            recording = await service.announce(work, body, booking_id=booking_id)
            once.made(work, recording.id)
    now, until = recording.created_at, recording.upload_expires_at
    grant = Grant(recording.storage_path, actor.id, now, until - now)
    url = await shelf.storage.sign_upload(grant, size_bytes=recording.storage_size_bytes)
    answer = RecordingAnnounced.of(recording, upload=UploadOut(url=url, expires_at=until))
    async with shelf.database.work(actor) as work:
        return once.finish(
            work,
            subject_id=recording.id,
            status_code=201,
            answer=answer.model_dump_json().encode(),
        )


async def complete(
    shelf: Shelf, actor: Actor, *, booking_id: UUID, recording_id: UUID
) -> Recording:
    """The recording is ready: size and checksum of what is stored are those that were announced.
    Otherwise it has failed, the object is thrown away, and `RecordingCorrupt` is raised.

    Raises RecordingNotFound, RecordingNotUploading, RecordingNotUploaded, StorageUnavailable.
    """
    async with shelf.database.read(actor) as work:
        recording = await _known(work, booking_id, recording_id)
    if recording.status is RecordingStatus.READY:
        return recording
    rules.ensure_uploading(recording)
    intact = await _is_intact(shelf, recording)
    async with shelf.database.work(actor) as work:
        settled = await service.settle(work, recording_id=recording_id, intact=intact)
    if intact:
        return settled
    await remove_object(shelf, settled)
    raise RecordingCorrupt


async def _known(work: Work, booking_id: UUID, recording_id: UUID) -> Recording:
    recording = await queries.recording(work, booking_id=booking_id, recording_id=recording_id)
    if recording is None:
        raise RecordingNotFound
    return recording


async def _is_intact(shelf: Shelf, recording: Recording) -> bool:
    stored = await shelf.storage.stat(recording.storage_path)
    if stored is None:
        raise RecordingNotUploaded
    if stored.size_bytes != recording.storage_size_bytes:
        return False  # What may be endless is not read.
    try:
        async with asyncio.timeout(_SUM_SECONDS_MAX):
            summed = await shelf.storage.checksum(recording.storage_path)
    except TimeoutError:
        raise StorageUnavailable from None
    return rules.is_intact(recording, size_bytes=stored.size_bytes, sha256=summed)
