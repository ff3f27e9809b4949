"""Bodies and answers of what admins do."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from consulta.platform.http.schema import Answer, Body, Text


class AccountPatch(Body):
    """What changes of an account."""

    role: Literal["client", "specialist", "admin"] | None = None
    is_active: bool | None = None


class ErasureOrder(Body):
    """Why an account is erased that is not one's own."""

    reason: Annotated[
        Text,
        Field(
            min_length=3,
            max_length=200,
            description="Where the written request of the account's owner is kept, such as the"
            " number of a letter. It stays in the audit log: no name, no address.",
            examples=["Letter 2026-118"],
        ),
    ]


class AccountOut(Answer):
    """An account."""

    id: UUID
    email: str
    full_name: str | None
    role: str
    is_active: bool
    email_verified_at: datetime | None
    created_at: datetime


class SpecialistReviewOut(Answer):
    """A page with what an admin needs to verify it."""

    id: UUID
    full_name: str
    headline: str | None
    qualifications: list[str]
    time_zone: str
    is_verified: bool
    verified_at: datetime | None
    is_accepting: bool
    email: str | None
    phone: str | None
    verification_documents: list[str]
    created_at: datetime
