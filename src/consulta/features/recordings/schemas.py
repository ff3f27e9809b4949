"""Bodies and answers about recordings."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from consulta.features.recordings.queries import Recording
from consulta.features.recordings.rules import MOST_BYTES
from consulta.platform.http.schema import Answer, Body

Format = Literal["mp4", "webm", "mov", "mkv"]
Checksum = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file, in hexadecimal.")
]


class RecordingCreate(Body):
    """What the file is that will be brought: it is held against this."""

    file_format: Format
    duration_seconds: int = Field(ge=1, le=86_400)
    storage_size_bytes: int = Field(ge=1, le=MOST_BYTES)
    sha256: Checksum
    is_encrypted: bool = Field(True, description="Whether the file rests encrypted.")


class RecordingOut(Answer):
    """What was recorded of a session; the file itself is fetched through a link."""

    id: UUID
    booking_id: UUID
    status: Literal["uploading", "ready", "failed", "deleted"]
    file_format: Format
    duration_seconds: int
    storage_size_bytes: int
    sha256: Checksum
    is_encrypted: bool
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None = Field(description="When it will be deleted; null: kept.")
    deleted_at: datetime | None

    @classmethod
    def of(cls, recording: Recording, **more: object) -> Self:
        names = cls.model_fields.keys() - more.keys() - {"sha256"}
        values = {name: getattr(recording, name) for name in names}
        return cls.model_validate({**values, "sha256": recording.sha256.hex(), **more})


class RecordingsOut(Answer):
    items: list[RecordingOut]


class UploadOut(Answer):
    """Where the file is to be brought, with which method, and until when."""

    url: str
    method: Literal["PUT"] = "PUT"
    expires_at: datetime


class RecordingAnnounced(RecordingOut):
    storage_path: str
    upload: UploadOut


class RecordingLink(Answer):
    """An address that needs no token: it is meant for one person, and is on the record."""

    url: str
    expires_at: datetime


class RecordingSettingsBody(Body):
    retention_days: int | None = Field(
        ge=1, le=3650, description="For how many days recordings are kept; null: for ever."
    )


class RecordingSettingsOut(Answer):
    retention_days: int | None
