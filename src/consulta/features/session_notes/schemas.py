"""Bodies and answers of session notes."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import AfterValidator, Field, JsonValue

from consulta.platform.http.schema import Answer, Blankable, Body, Text, shown_as

_MOST_METADATA_BYTES = 10_000


def _bounded(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        size = len(orjson.dumps(value))
    except TypeError:
        raise ValueError("holds what JSON cannot hold everywhere") from None
    if size > _MOST_METADATA_BYTES:
        raise ValueError(f"is larger than {_MOST_METADATA_BYTES} bytes")
    return value


_Notes = Annotated[Text, Field(min_length=1, max_length=10_000)]
_Part = Annotated[Annotated[Text, Field(max_length=5_000)] | None, Blankable]
_Metadata = Annotated[dict[str, JsonValue], Field(max_length=50), AfterValidator(_bounded)]
_EXAMPLE = {
    "notes": "Sleeps better; blood pressure 125 to 80.",
    "follow_up_actions": "A walk every day.",
}


class NoteCreate(Body):
    notes: _Notes
    follow_up_actions: _Part = None
    next_session_recommendation: _Part = None
    metadata: _Metadata = Field(default_factory=dict)

    model_config = shown_as(**_EXAMPLE)


class NotePatch(Body):
    """What is absent stays as it is; `revision` is that of the note that was seen."""

    notes: _Notes = ""
    follow_up_actions: _Part = None
    next_session_recommendation: _Part = None
    metadata: _Metadata = Field(default_factory=dict)
    revision: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None

    model_config = shown_as(**_EXAMPLE)

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be changed, and nothing else."""
        return self.model_dump(exclude_unset=True, exclude={"revision"})


class AmendmentCreate(Body):
    text: Annotated[Text, Field(min_length=1, max_length=10_000)]

    model_config = shown_as(text="The laboratory's result came in: all is well.")


class Reason(Body):
    """Why an admin does this: it is written to the audit log."""

    reason: Annotated[Text, Field(min_length=3, max_length=1000)]

    model_config = shown_as(reason="The client asked us to look into a complaint.")


class NoteHeadOut(Answer):
    """That there is a note, and not what it says."""

    id: UUID
    booking_id: UUID
    specialist_id: UUID = Field(description="The author.")
    client_id: UUID
    revision: int
    is_final: bool = Field(description="Whether the author can only append any more.")
    editable_until: datetime
    created_at: datetime
    updated_at: datetime


class AmendmentOut(Answer):
    id: UUID
    author_id: UUID
    text: str | None = Field(description="Null where `problem` is not.")
    problem: str | None = Field(default=None, description="`UNREADABLE`: it cannot be opened.")
    created_at: datetime


class NoteListedOut(NoteHeadOut):
    notes: str | None = Field(description="Null where `problem` is not.")
    follow_up_actions: str | None
    next_session_recommendation: str | None
    metadata: dict[str, Any] | None
    amendments_count: int
    problem: str | None = Field(default=None, description="`UNREADABLE`: it cannot be opened.")


class NoteOut(NoteListedOut):
    amendments: list[AmendmentOut]


class NotesOut(Answer):
    items: list[NoteOut]
