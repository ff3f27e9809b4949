"""Bodies and answers about reviews."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from consulta.platform.http.schema import Answer, Blankable, Body, Text

Rating = Annotated[int, Field(ge=1, le=5)]
Comment = Annotated[
    Annotated[Text, Field(min_length=1, max_length=2000)] | None,
    Blankable,
    Field(description="What everybody may read; it is public."),
]


class ReviewCreate(Body):
    """What a client says of a session."""

    rating: Rating
    comment: Comment = None
    shows_name: bool = Field(
        False, description="Whether your first name and an initial stand beside it."
    )


class ReviewPatch(Body):
    """What is named is changed."""

    rating: Rating | None = None
    comment: Comment = None
    shows_name: bool | None = None


class ReviewReply(Body):
    reply: Annotated[Text, Field(min_length=1, max_length=2000)]


class ReviewHide(Body):
    reason: Annotated[Text, Field(min_length=1, max_length=500)]


class ReviewOut(Answer):
    """A review as the two parties of the session and admins see it."""

    id: UUID
    booking_id: UUID
    specialist_id: UUID
    client_id: UUID
    rating: Rating
    comment: str | None
    shows_name: bool
    reply: str | None
    replied_at: datetime | None
    is_hidden: bool = Field(description="Hidden ones do not count, and nobody else sees them.")
    hidden_reason: str | None
    created_at: datetime
    edited_at: datetime | None


class PublicReviewOut(Answer):
    """A review as everybody may read it."""

    id: UUID
    rating: Rating
    comment: str | None
    reviewer: str = Field(examples=["Anna W.", "Client"])
    reply: str | None
    replied_at: datetime | None
    created_at: datetime
    edited_at: datetime | None
