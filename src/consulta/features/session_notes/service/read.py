"""Opening notes for their parties: each one that is opened stands in the audit log, which is
written before anything is answered.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from consulta.features.bookings.errors import BookingNotFound
from consulta.features.session_notes import access, queries
from consulta.features.session_notes.errors import NoteNotFound
from consulta.features.session_notes.rules import CONTENT, SEALED, SEALED_AMENDMENTS, is_final
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Work
from consulta.platform.sealed import Unreadable

Row = Mapping[str, Any]


async def note(work: Work, *, vault: Vault, booking_id: UUID, note_id: UUID) -> dict[str, Any]:
    """One note with what was appended. Raises NoteNotFound, Unreadable."""
    row = await queries.note(work, booking_id=booking_id, note_id=note_id)
    if row is None:
        raise NoteNotFound
    _tell(work, row)
    amendments = await queries.amendments_of(work, [note_id])
    return opened(vault, row, amendments)


async def notes_of(work: Work, *, vault: Vault, booking_id: UUID) -> list[dict[str, Any]]:
    """All notes of a session, the oldest first; one that cannot be opened says so. Raises
    BookingNotFound.
    """
    if await queries.session(work, booking_id) is None:
        raise BookingNotFound
    return await opened_whole(work, await queries.notes_of(work, booking_id), vault=vault)


async def opened_whole(work: Work, rows: Sequence[Row], *, vault: Vault) -> list[dict[str, Any]]:
    """Notes with what was appended to each; one that cannot be opened says so."""
    appended = defaultdict(list)
    for amendment in await queries.amendments_of(work, [row["id"] for row in rows]):
        appended[amendment["note_id"]].append(amendment)
    shown = []
    for row in rows:
        _tell(work, row)
        amendments = [_amendment_or_problem(vault, one) for one in appended[row["id"]]]
        shown.append({**_note_or_problem(vault, row), "amendments": amendments})
    return shown


def opened_list(work: Work, rows: Sequence[Row], *, vault: Vault) -> list[dict[str, Any]]:
    """The same for notes of several sessions, without what was appended."""
    for row in rows:
        _tell(work, row)
    return [_note_or_problem(vault, row) for row in rows]


def opened(vault: Vault, row: Row, amendments: Sequence[Row]) -> dict[str, Any]:
    """A note with what was appended. Raises Unreadable."""
    return {
        **head(row),
        **SEALED.disclose(vault, row),
        "amendments_count": len(amendments),
        "amendments": [opened_amendment(vault, one) for one in amendments],
    }


def opened_amendment(vault: Vault, row: Row) -> dict[str, Any]:
    """Raises Unreadable."""
    return {**_about(row), **SEALED_AMENDMENTS.disclose(vault, row)}


def _note_or_problem(vault: Vault, row: Row) -> dict[str, Any]:
    # One row that nobody can open must not hide the others.
    content: dict[str, Any]
    try:
        content = SEALED.disclose(vault, row)
    except Unreadable as error:
        content = {**dict.fromkeys(CONTENT), "problem": error.code}
    return {**head(row), **content, "amendments_count": row["amendments_count"]}


def _amendment_or_problem(vault: Vault, row: Row) -> dict[str, Any]:
    try:
        return opened_amendment(vault, row)
    except Unreadable as error:
        return {**_about(row), "text": None, "problem": error.code}


def head(row: Row) -> dict[str, Any]:
    """What may be told of a note without opening it."""
    final = is_final(editable_until=row["editable_until"], now=row["now"])
    return {**row, "is_final": final}


def _about(row: Row) -> dict[str, Any]:
    return {"id": row["id"], "author_id": row["specialist_id"], "created_at": row["created_at"]}


def _tell(work: Work, row: Row) -> None:
    work.audit(
        "session_note.read",
        subject_type="session_note",
        subject_id=row["id"],
        new={
            "booking_id": row["booking_id"],
            "revision": row["revision"],
            "as": access.reads_as(work.actor, specialist_id=row["specialist_id"]),
        },
    )
