"""The names of a recording's states."""

from enum import StrEnum


class RecordingStatus(StrEnum):
    UPLOADING = "uploading"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"
