"""Bodies and answers of compliance."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints

from consulta.features.compliance.rules import Purpose
from consulta.platform.auth.passwords import MOST_CHARACTERS
from consulta.platform.http.schema import Answer, Blankable, Body, Email, Text

Version = Annotated[
    Text, StringConstraints(min_length=1, max_length=64), Field(examples=["2026-11"])
]


def _storable(value: SecretStr | None) -> SecretStr | None:
    # What is no character cannot be in a password, and would fail further inside.
    plain = value.get_secret_value() if value else ""
    if "\x00" in plain or any("\ud800" <= letter <= "\udfff" for letter in plain):
        raise ValueError("contains what is no character")
    return value


class ConsentPut(Body):
    """What you say about a purpose, in which version of its text."""

    purpose: Purpose
    version: Version
    granted: bool


class ConsentOut(Answer):
    purpose: Purpose
    version: str
    granted: bool
    created_at: datetime


class ConsentsOut(Answer):
    """What is in force for each purpose, and how it came, the newest first."""

    items: list[ConsentOut]
    history: list[ConsentOut]


class Erasure(Body):
    """Your password; an account without one is confirmed with its e-mail address."""

    # A password counts as it is: white space at its ends is part of it.
    model_config = ConfigDict(str_strip_whitespace=False)

    password: Annotated[
        SecretStr | None, Field(max_length=MOST_CHARACTERS), AfterValidator(_storable)
    ] = None
    email: Annotated[Email | None, Blankable] = None


class PartOut(Answer):
    """At most 1,000 items of a kind, the newest first; `truncated` where there are more."""

    items: list[dict[str, Any]]
    truncated: bool


class ExportOut(Answer):
    """All that is held about a person, by the kinds of things."""

    user_id: UUID
    exported_at: datetime
    parts: dict[str, PartOut]
