"""Objects go: first the record says so, then the storage is asked, then the record knows. A crash
in between leaves a row for which the purge comes by again.
"""

from uuid import UUID

from consulta.features.recordings import service
from consulta.features.recordings.flows.shelf import Shelf
from consulta.features.recordings.queries import Recording
from consulta.features.recordings.status import RecordingStatus
from consulta.kernel.actor import Actor
from consulta.providers.storage.port import StorageUnavailable

_TO_REMOVE = frozenset({RecordingStatus.FAILED, RecordingStatus.DELETED})


async def delete(shelf: Shelf, actor: Actor, *, booking_id: UUID, recording_id: UUID) -> None:
    """The recording is deleted. If the storage is away, its object goes with the next purge.
    Raises RecordingNotFound.
    """
    async with shelf.database.work(actor) as work:
        recording = await service.delete(work, booking_id=booking_id, recording_id=recording_id)
    try:
        await remove_object(shelf, recording)
    except StorageUnavailable:
        return


async def purge(shelf: Shelf, *, recording_id: UUID) -> bool:
    """What is over is over, and its object is gone; False where neither was due. Raises
    StorageUnavailable, and nothing is lost by that.
    """
    async with shelf.recording() as work:
        recording = await service.lapse(work, recording_id=recording_id)
    if recording.status not in _TO_REMOVE:
        return False
    return await remove_object(shelf, recording)


async def remove_object(shelf: Shelf, recording: Recording) -> bool:
    """The object is deleted; whether the record knows for good (`service.object_is_gone`)."""
    await shelf.storage.delete(recording.storage_path)
    async with shelf.recording() as work:
        return await service.object_is_gone(work, recording_id=recording.id)
