"""Paths of notes: those of a session, mine, and an admin's."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from consulta.features.bookings.errors import BookingNotFound
from consulta.features.session_notes import errors, queries, schemas, service
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, PERSON, SPECIALIST
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import PageDep, PageOut, ReadDep, VaultDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable, Text
from consulta.platform.sealed import Unreadable

router = APIRouter(tags=["session_notes"])

_OF_SESSION = "/bookings/{booking_id}/notes"
_ADMIN = "/admin/session-notes"
_ADMINS_ERRORS = (*ALWAYS, Forbidden, errors.NoteNotFound, errors.ReasonRequired)
Filter = Annotated[UUID | None, Blankable, Query()]
Reason = Annotated[Text, Field(min_length=3, max_length=1000), Query()]


@router.post(
    _OF_SESSION,
    status_code=201,
    response_model=schemas.NoteOut,
    dependencies=[SPECIALIST],
    summary="Write a note about a session",
    responses=problems(
        *ALWAYS,
        *OPTIONAL_ERRORS,
        Forbidden,
        BookingNotFound,
        errors.NoteNotPossible,
        errors.TooManyNotes,
    ),
)
async def write(
    booking_id: UUID,
    body: schemas.NoteCreate,
    work: WorkDep,
    vault: VaultDep,
    once: OptionalOnceDep,
) -> Response:
    """From its confirmation on. The client reads it, too; for 24 hours it can be changed."""

    async def act() -> tuple[UUID, schemas.NoteOut]:
        made = await service.write(
            work, vault=vault, booking_id=booking_id, content=body.model_dump()
        )
        return made["id"], schemas.NoteOut.model_validate(made)

    return await once.run(work, body, act)


# Reads write, too: each stands in the audit log before the reply starts.
@router.get(
    _OF_SESSION,
    dependencies=[PERSON],
    summary="The notes of a session, the oldest first",
    responses=problems(*ALWAYS, Forbidden, BookingNotFound),
)
async def notes_of(booking_id: UUID, work: WorkDep, vault: VaultDep) -> schemas.NotesOut:
    """For its specialist and its client."""
    found = await service.notes_of(work, vault=vault, booking_id=booking_id)
    return schemas.NotesOut.model_validate({"items": found})


@router.get(
    f"{_OF_SESSION}/{{note_id}}",
    dependencies=[PERSON],
    summary="A note of a session",
    responses=problems(*ALWAYS, Forbidden, errors.NoteNotFound, Unreadable),
)
async def note(booking_id: UUID, note_id: UUID, work: WorkDep, vault: VaultDep) -> schemas.NoteOut:
    found = await service.note(work, vault=vault, booking_id=booking_id, note_id=note_id)
    return schemas.NoteOut.model_validate(found)


@router.patch(
    f"{_OF_SESSION}/{{note_id}}",
    dependencies=[SPECIALIST],
    summary="Change a note of yours",
    responses=problems(
        *ALWAYS,
        Forbidden,
        errors.NoteNotFound,
        errors.NoteIsFinal,
        errors.NoteChanged,
        Unreadable,
    ),
)
async def change(
    booking_id: UUID, note_id: UUID, body: schemas.NotePatch, work: WorkDep, vault: VaultDep
) -> schemas.NoteOut:
    """Within 24 hours; afterwards append to it."""
    changed = await service.change(
        work,
        vault=vault,
        booking_id=booking_id,
        note_id=note_id,
        changes=body.changes,
        revision=body.revision,
    )
    return schemas.NoteOut.model_validate(changed)


@router.post(
    f"{_OF_SESSION}/{{note_id}}/amendments",
    status_code=201,
    response_model=schemas.AmendmentOut,
    dependencies=[SPECIALIST],
    summary="Append to a note of yours",
    responses=problems(
        *ALWAYS, *OPTIONAL_ERRORS, Forbidden, errors.NoteNotFound, errors.TooManyAmendments
    ),
)
async def amend(
    booking_id: UUID,
    note_id: UUID,
    body: schemas.AmendmentCreate,
    work: WorkDep,
    vault: VaultDep,
    once: OptionalOnceDep,
) -> Response:
    """At any time; what is appended stays as it is."""

    async def act() -> tuple[UUID, schemas.AmendmentOut]:
        made = await service.amend(
            work, vault=vault, booking_id=booking_id, note_id=note_id, text=body.text
        )
        return made["id"], schemas.AmendmentOut.model_validate(made)

    return await once.run(work, body, act)


@router.get(
    "/session-notes",
    dependencies=[PERSON],
    summary="My notes, the newest first",
    responses=problems(*ALWAYS, Forbidden, BadCursor),
)
async def mine(
    page: PageDep,
    work: WorkDep,
    vault: VaultDep,
    role: Annotated[queries.As | None, Blankable, Query()] = None,
) -> PageOut[schemas.NoteListedOut]:
    """Those that I wrote, and those about sessions that I booked."""
    rows = await queries.notes_of_person(
        work, role=role, after=_position(page.after("session_notes")), limit=page.limit
    )
    found = page.page("session_notes", rows, lambda row: (row["created_at"], row["id"]))
    opened = service.opened_list(work, found.items, vault=vault)
    items = [schemas.NoteListedOut.model_validate(one) for one in opened]
    return PageOut(items=items, next_cursor=found.next_cursor)


@router.get(
    _ADMIN,
    dependencies=[ADMIN],
    summary="That there are notes, the newest first",
    responses=problems(*ALWAYS, Forbidden, BadCursor),
)
async def heads(
    page: PageDep,
    work: ReadDep,
    booking_id: Filter = None,
    specialist_id: Filter = None,
    client_id: Filter = None,
) -> PageOut[schemas.NoteHeadOut]:
    """And not what they say: for that, open one with a reason."""
    rows = await queries.note_heads(
        work,
        booking_id=booking_id,
        specialist_id=specialist_id,
        client_id=client_id,
        after=_position(page.after("note_heads")),
        limit=page.limit,
    )
    found = page.page("note_heads", rows, lambda row: (row["created_at"], row["id"]))
    items = [schemas.NoteHeadOut.model_validate(service.head(row)) for row in found.items]
    return PageOut(items=items, next_cursor=found.next_cursor)


@router.post(
    f"{_ADMIN}/{{note_id}}/open",
    dependencies=[ADMIN],
    summary="Open a note, and say why",
    responses=problems(*_ADMINS_ERRORS, Unreadable),
)
async def open_for_admin(
    note_id: UUID, body: schemas.Reason, work: WorkDep, vault: VaultDep
) -> schemas.NoteOut:
    """It is written to the audit log, and whoever watches over this service is told."""
    opened = await service.open_for_admin(work, vault=vault, note_id=note_id, reason=body.reason)
    return schemas.NoteOut.model_validate(opened)


@router.delete(
    f"{_ADMIN}/{{note_id}}",
    status_code=204,
    dependencies=[ADMIN],
    summary="Delete a note, and say why",
    responses=problems(*_ADMINS_ERRORS),
)
async def delete(note_id: UUID, work: WorkDep, reason: Reason) -> Response:
    """With what was appended to it. As above."""
    await service.delete(work, note_id=note_id, reason=reason)
    return Response(status_code=204)


def _position(after: list[Any] | None) -> queries.Position | None:
    return (datetime.fromisoformat(after[0]), UUID(after[1])) if after else None
