"""What an admin may do with notes: with a reason, on the record, and not unnoticed. The database
writes the entry of the audit log before it hands anything out.
"""

from typing import Any
from uuid import UUID

from consulta.features.session_notes.service.read import opened
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Work
from consulta.platform.failures import alert


async def open_for_admin(work: Work, *, vault: Vault, note_id: UUID, reason: str) -> dict[str, Any]:
    """The note with what was appended. Raises NoteNotFound, ReasonRequired, Unreadable."""
    note, *amendments = await work.fetch(
        "SELECT * FROM app.open_session_note($1, $2)", note_id, reason
    )
    shown = opened(vault, note, amendments)
    _alert("an admin opened a session note", work, note_id)
    return shown


async def delete(work: Work, *, note_id: UUID, reason: str) -> None:
    """The note is gone, and what was appended to it. Raises NoteNotFound, ReasonRequired."""
    await work.execute("SELECT app.delete_session_note($1, $2)", note_id, reason)
    _alert("an admin deleted a session note", work, note_id)


def _alert(sentence: str, work: Work, note_id: UUID) -> None:
    alert(sentence, during="session_notes", note=str(note_id), admin=str(work.person))
