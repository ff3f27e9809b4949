"""Bodies and answers of intake."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import orjson
from pydantic import Field, JsonValue, StrictBool, StrictFloat, StrictInt, model_validator

from consulta.features.intake.rules import KEY, flaw_of_question
from consulta.platform.http.schema import Answer, Blankable, Body, ShortText, Text, shown_as

_MOST_FORM_BYTES = 60_000

QuestionType = Literal[
    "text", "long_text", "single_choice", "multiple_choice", "yes_no", "date", "number"
]
_Key = Annotated[str, Field(pattern=f"^{KEY.pattern}$", examples=["allergies"])]
Value = StrictBool | StrictInt | StrictFloat | str | list[str]


class Question(Body):
    key: _Key
    label: Annotated[Text, Field(min_length=1, max_length=500)]
    type: QuestionType
    is_required: bool = False
    options: Annotated[list[ShortText], Field(max_length=50)] = Field(
        default_factory=list, description="Of choices: what can be chosen."
    )
    max_length: Annotated[int, Field(ge=1, le=4_000)] | None = Field(
        default=None, description="Of texts: how many characters at most."
    )
    description: Annotated[Annotated[Text, Field(max_length=1_000)] | None, Blankable] = None

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        flaw = flaw_of_question(self.model_dump())
        if flaw is not None:
            raise ValueError(flaw)
        return self


class IntakeFormPut(Body):
    rate_id: UUID | None = Field(default=None, description="Absent: asked before every session.")
    title: ShortText
    questions: Annotated[list[Question], Field(min_length=1, max_length=50)]

    model_config = shown_as(
        title="Before we meet",
        questions=[{"key": "allergies", "label": "Any allergies?", "type": "text"}],
    )

    @model_validator(mode="after")
    def _can_be_filled_in(self) -> Self:
        if len({question.key for question in self.questions}) < len(self.questions):
            raise ValueError("two questions have the same key")
        if len(orjson.dumps(self.model_dump(mode="json"))) > _MOST_FORM_BYTES:
            raise ValueError(f"the form is larger than {_MOST_FORM_BYTES} bytes")
        return self


class IntakePut(Body):
    """`revision` is that of the answers that were seen."""

    # What is wrong with an answer is said by its question's key, and never by what was sent.
    answers: dict[str, JsonValue] = Field(
        max_length=50,
        description="By the keys of the questions: a text, one or several of the options, true or"
        " false, a date such as 2026-03-01, or a number.",
    )
    revision: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None

    model_config = shown_as(answers={"allergies": "Pollen"})


class IntakeFormOut(Answer):
    id: UUID
    specialist_id: UUID
    rate_id: UUID | None
    version: int
    title: str
    questions: list[Question]
    is_active: bool
    created_at: datetime


class IntakeFormsOut(Answer):
    items: list[IntakeFormOut]


class AskedOut(Answer):
    """Questions as they were when they were answered, or else as they are asked now."""

    id: UUID
    version: int
    title: str
    questions: list[Question]


class IntakeOut(Answer):
    booking_id: UUID
    is_completed: bool
    is_open: bool = Field(description="Whether the client can still answer.")
    form: AskedOut | None = Field(description="Null where nothing is asked.")
    answers: dict[str, Value] | None = Field(description="By the keys of the questions.")
    revision: int | None
    submitted_at: datetime | None
