"""A party of a session gets a link to its recording, on the record."""

from datetime import datetime
from uuid import UUID

from consulta.features.recordings import queries, rules, service
from consulta.features.recordings.errors import RecordingNotFound
from consulta.features.recordings.flows.shelf import Shelf
from consulta.kernel.actor import Actor
from consulta.providers.storage.port import Grant


async def link(
    shelf: Shelf, actor: Actor, *, booking_id: UUID, recording_id: UUID
) -> tuple[str, datetime]:
    """An address for that person, and until when it holds. Who got it is on the record before
    anybody has it. Raises RecordingNotFound, RecordingNotReady, RecordingDeleted.
    """
    assert actor.id is not None
    async with shelf.database.work(actor) as work:
        recording = await queries.recording(work, booking_id=booking_id, recording_id=recording_id)
        if recording is None:
            raise RecordingNotFound
        now = await work.now()
        lasts = rules.download_lasts(recording, now=now)
        service.link_was_given(work, recording, lasts=lasts)
    grant = Grant(recording.storage_path, actor.id, now, lasts)
    url = await shelf.storage.sign_download(grant, filename=rules.filename(recording))
    return url, grant.expires_at
