"""Bodies and answers about a person's own details."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from consulta.platform.http.schema import Answer, Blankable, Body, HttpsUrl, ShortText, TimeZone

Locale = Annotated[
    str,
    StringConstraints(max_length=16, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$"),
]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]


class MePatch(Body):
    """What is absent stays. What is emptied is cleared, or stays where a person must have it."""

    full_name: Annotated[ShortText | None, Blankable] = None
    time_zone: Annotated[TimeZone | None, Blankable] = Field(None, examples=["Europe/Berlin"])
    locale: Annotated[Locale | None, Blankable] = Field(None, examples=["de-DE"])
    photo_url: Annotated[HttpsUrl | None, Blankable] = None
    phone: Annotated[Phone | None, Blankable] = Field(None, examples=["+971501234567"])


class MeOut(Answer):
    id: UUID
    email: str
    role: str
    full_name: str
    time_zone: str
    locale: str
    photo_url: str | None
    phone: str | None
    created_at: datetime
