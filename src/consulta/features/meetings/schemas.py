"""Answers about meetings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from consulta.features.meetings.rules import join_window
from consulta.platform.http.schema import Answer

Provider = Literal["zoom", "teams", "meet", "custom"]
State = Literal["wanted", "moving", "ready", "deleting", "deleted", "failed"]


class JoinOut(Answer):
    """The way into a meeting: keep it to yourself."""

    join_url: str
    passcode: str | None = None
    provider: Provider
    opens_at: datetime
    closes_at: datetime


class MeetingOut(Answer):
    """How the meeting of a booking stands."""

    booking_id: UUID
    provider: Provider | None
    status: State = Field(description="Failed: its specialist, or an admin, may have it retried.")
    opens_at: datetime = Field(description="From when it may be joined.")
    closes_at: datetime
    last_error: str | None = Field(None, description="For its specialist and admins.")
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any], *, reader_id: UUID | None) -> Self:
        window = join_window(starts_at=row["starts_at"], ends_at=row["ends_at"])
        return cls(
            booking_id=row["booking_id"],
            provider=row["provider"],
            status=row["state"],
            opens_at=window.opens_at,
            closes_at=window.closes_at,
            last_error=row["last_error"] if reader_id != row["client_id"] else None,
            updated_at=row["updated_at"],
        )
