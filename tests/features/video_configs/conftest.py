"""The world with video vendors."""

from tests.features.meetings.conftest import video

__all__ = ["video"]
