"""Bodies of the old functions, as their callers send and read them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consulta.kernel.errors import Malformed
from consulta.platform.http.schema import Answer, Text


class CancelAsked(BaseModel):
    """Fields that nobody knows are left alone: old callers send some."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True, hide_input_in_errors=True)

    booking_id: UUID
    reason: Annotated[Text, Field(min_length=1, max_length=1000)]

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises `Malformed`, whatever is wrong with it."""
        try:
            return cls.model_validate_json(body)
        except ValidationError:
            raise Malformed("booking_id and reason are needed, as a JSON object.") from None


class FunctionDone(Answer):
    success: Literal[True] = True
    message: str = Field(
        examples=["Booking cancelled successfully. A refund of 200.00 USD will be processed."]
    )


class FunctionRefused(Answer):
    """How the old functions tell an error; `error` is stable."""

    success: Literal[False] = False
    error: str = Field(examples=["BOOKING_IN_PAST"])
    message: str


class DispatchedBooking(Answer):
    booking_id: UUID
    recurring_id: UUID
    starts_at: datetime
    status: str = Field(examples=["confirmed"])


class DispatchError(Answer):
    """A series that could not be dispatched; it is tried again."""

    recurring_id: UUID
    error: str = Field(examples=["No rates found"])


class Dispatched(Answer):
    """What a run of the dispatcher made; at most 1,000 bookings and 100 errors are listed."""

    success: Literal[True] = True
    message: str = Field(examples=["Dispatched 5 recurring bookings"])
    count: int
    bookings: list[DispatchedBooking]
    errors: list[DispatchError]
