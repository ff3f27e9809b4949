"""The states of a recording, the legal moves between them, and the door through which it moves.

The database's trigger holds the same table (`app.recording_moves()`), so that no SQL breaks it.
"""

from enum import StrEnum

from consulta.features.recordings.queries import Recording
from consulta.features.recordings.status import RecordingStatus
from consulta.kernel.transitions import Transitions
from consulta.platform.db.work import Work


class Mover(StrEnum):
    WRITER = "writer"
    """An admin or the worker: the parties of a session only look."""


_BY_WRITER = frozenset({Mover.WRITER})

MOVES: Transitions[RecordingStatus, Mover] = Transitions(
    {
        (RecordingStatus.UPLOADING, RecordingStatus.READY): _BY_WRITER,
        (RecordingStatus.UPLOADING, RecordingStatus.FAILED): _BY_WRITER,
        (RecordingStatus.UPLOADING, RecordingStatus.DELETED): _BY_WRITER,
        (RecordingStatus.READY, RecordingStatus.DELETED): _BY_WRITER,
    }
)

# What is ready is kept as its specialist says; a change of that mends `expires_at` by itself.
_MOVE = """
UPDATE app.meeting_recordings r SET status = $2,
    ready_at = CASE WHEN $2 = 'ready' THEN app.now() ELSE r.ready_at END,
    expires_at = CASE WHEN $2 = 'ready' THEN app.now() + make_interval(days => (
        SELECT s.retention_days FROM app.recording_settings s
        WHERE s.specialist_id = r.specialist_id)) ELSE r.expires_at END,
    deleted_at = CASE WHEN $2 = 'deleted' THEN app.now() END
WHERE r.id = $1
RETURNING *
"""


async def change_status(
    work: Work, recording: Recording, to: RecordingStatus, *, reason: str | None = None
) -> Recording:
    """The only place where a recording's status is assigned; `recording` is locked by the caller.
    The audit log knows, and the outbox where it became ready. Raises `IllegalMove`.
    """
    MOVES.check(recording.status, to, Mover.WRITER)
    row = await work.fetchrow(_MOVE, recording.id, to)
    assert row is not None
    work.audit(
        f"recording.{to}",
        subject_type="meeting_recording",
        subject_id=recording.id,
        old={"status": recording.status},
        new={"status": to, **({"reason": reason} if reason else {})},
    )
    if to is RecordingStatus.READY:
        parties = ("booking_id", "specialist_id", "client_id")
        facts = {name: getattr(recording, name) for name in parties}
        work.send("recording.ready", {"recording_id": recording.id, **facts})
    return Recording.of(row)
