"""Writing notes: the author's own, sealed before they reach the database."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.bookings.errors import BookingNotFound
from consulta.features.session_notes import access, queries
from consulta.features.session_notes.errors import NoteChanged, NoteIsFinal, NoteNotFound
from consulta.features.session_notes.rules import SEALED, SEALED_AMENDMENTS, changed, is_final
from consulta.features.session_notes.service.read import opened, opened_amendment
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Work

_ADD = """
INSERT INTO app.session_notes
    (id, booking_id, specialist_id, client_id, key_id, wrapped_key, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *, app.now() AS now
"""
_CHANGE = """
UPDATE app.session_notes SET key_id = $2, wrapped_key = $3, sealed = $4
WHERE id = $1 RETURNING *, app.now() AS now
"""
_APPEND = """
INSERT INTO app.session_note_amendments
    (id, note_id, specialist_id, client_id, key_id, wrapped_key, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *
"""


async def write(
    work: Work, *, vault: Vault, booking_id: UUID, content: Mapping[str, Any]
) -> dict[str, Any]:
    """A new note of the session. Raises BookingNotFound, Forbidden, NoteNotPossible,
    TooManyNotes.
    """
    session = await queries.session(work, booking_id)
    if session is None:
        raise BookingNotFound
    access.ensure_author(work.actor, specialist_id=session["specialist_id"])
    place = {"id": await work.fetchval("SELECT app.new_id()"), **session}
    envelope = SEALED.enclose(vault, content, place)
    row = await work.fetchrow(
        _ADD,
        *(place[key] for key in SEALED.keys),
        envelope.key_id,
        envelope.wrapped_key,
        envelope.sealed,
    )
    assert row is not None
    _tell(work, "session_note.created", row, new={"booking_id": booking_id, "revision": 0})
    work.send("session_note.created", _ids(row))
    return opened(vault, row, [])


async def change(
    work: Work,
    *,
    vault: Vault,
    booking_id: UUID,
    note_id: UUID,
    changes: Mapping[str, Any],
    revision: int | None,
) -> dict[str, Any]:
    """The note as it is after the changes; `revision` is that of the note which the author saw.

    Raises NoteNotFound, Forbidden, NoteIsFinal, NoteChanged, Unreadable.
    """
    await _own_note(work, booking_id=booking_id, note_id=note_id)
    seen = await queries.note_for_update(work, booking_id=booking_id, note_id=note_id)
    if seen is None:
        raise NoteNotFound
    if is_final(editable_until=seen["editable_until"], now=seen["now"]):
        raise NoteIsFinal
    if revision not in {None, seen["revision"]}:
        raise NoteChanged(revision=seen["revision"])
    said = SEALED.disclose(vault, seen)
    content = changed(said, changes)
    if content == said:
        _tell(work, "session_note.read", seen, new={"revision": seen["revision"]})
        return opened(vault, seen, await queries.amendments_of(work, [note_id]))
    envelope = SEALED.enclose(vault, content, seen)
    row = await work.fetchrow(
        _CHANGE, note_id, envelope.key_id, envelope.wrapped_key, envelope.sealed
    )
    assert row is not None
    # Which parts, and never what they say.
    _tell(
        work,
        "session_note.changed",
        row,
        old={"revision": seen["revision"]},
        new={"revision": row["revision"], "parts": sorted(changes)},
    )
    return opened(vault, row, await queries.amendments_of(work, [note_id]))


async def amend(
    work: Work, *, vault: Vault, booking_id: UUID, note_id: UUID, text: str
) -> dict[str, Any]:
    """Something is appended to the note, final or not, and stays. Raises NoteNotFound, Forbidden,
    TooManyAmendments.
    """
    note = await _own_note(work, booking_id=booking_id, note_id=note_id)
    place = {
        "id": await work.fetchval("SELECT app.new_id()"),
        "note_id": note_id,
        "specialist_id": note["specialist_id"],
        "client_id": note["client_id"],
    }
    envelope = SEALED_AMENDMENTS.enclose(vault, {"text": text}, place)
    row = await work.fetchrow(
        _APPEND,
        *(place[key] for key in SEALED_AMENDMENTS.keys),
        envelope.key_id,
        envelope.wrapped_key,
        envelope.sealed,
    )
    assert row is not None
    _tell(work, "session_note.amended", note, new={"amendment_id": row["id"]})
    work.send("session_note.amended", _ids(note))
    return opened_amendment(vault, row)


async def _own_note(work: Work, *, booking_id: UUID, note_id: UUID) -> asyncpg.Record:
    """Raises NoteNotFound, Forbidden."""
    note = await queries.note(work, booking_id=booking_id, note_id=note_id)
    if note is None:
        raise NoteNotFound
    access.ensure_author(work.actor, specialist_id=note["specialist_id"])
    return note


def _ids(note: Mapping[str, Any]) -> dict[str, UUID]:
    return {
        "note_id": note["id"],
        **{name: note[name] for name in ("booking_id", "specialist_id", "client_id")},
    }


def _tell(
    work: Work,
    action: str,
    note: Mapping[str, Any],
    *,
    new: Mapping[str, Any],
    old: Mapping[str, Any] | None = None,
) -> None:
    work.audit(action, subject_type="session_note", subject_id=note["id"], old=old, new=new)
