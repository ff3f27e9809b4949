"""Where notes are sealed, what is sealed in them, and when they are final."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consulta.platform.sealed import SealedTable

CONTENT = ("notes", "follow_up_actions", "next_session_recommendation", "metadata")
"""What a note says; nothing of it is stored, logged or sent in the clear."""


def _place_of_note(row: Mapping[str, Any]) -> str:
    parties = f"{row['specialist_id']}|{row['client_id']}"
    return f"session_notes|{row['id']}|{row['booking_id']}|{parties}"


def _place_of_amendment(row: Mapping[str, Any]) -> str:
    parties = f"{row['specialist_id']}|{row['client_id']}"
    return f"session_note_amendments|{row['id']}|{row['note_id']}|{parties}"


SEALED = SealedTable(
    table="session_notes",
    keys=("id", "booking_id", "specialist_id", "client_id"),
    place=_place_of_note,
)
SEALED_AMENDMENTS = SealedTable(
    table="session_note_amendments",
    keys=("id", "note_id", "specialist_id", "client_id"),
    place=_place_of_amendment,
)


def is_final(*, editable_until: datetime, now: datetime) -> bool:
    """Whether the author can only append any more; the end itself is final."""
    return now >= editable_until


def changed(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the note says once `changes` are made to `content`."""
    return {name: changes.get(name, content[name]) for name in CONTENT}
