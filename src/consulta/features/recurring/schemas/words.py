"""The words that requests and answers of series share."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from consulta.platform.http.schema import Text

Frequency = Literal["weekly", "biweekly", "monthly"]
PaymentMode = Literal["per_session", "package", "manual", "saved_card"]
Status = Literal["active", "paused", "ended"]
LocalTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["10:00"])]
Note = Annotated[Text, Field(max_length=2000)]


class Scope(StrEnum):
    """How much of a series ends."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"
