"""What is done with notes: written, changed, appended to; read; overseen."""

from consulta.features.session_notes.service.oversee import delete, open_for_admin
from consulta.features.session_notes.service.read import (
    head,
    note,
    notes_of,
    opened_list,
    opened_whole,
)
from consulta.features.session_notes.service.write import amend, change, write

__all__ = [
    "amend",
    "change",
    "delete",
    "head",
    "note",
    "notes_of",
    "open_for_admin",
    "opened_list",
    "opened_whole",
    "write",
]
