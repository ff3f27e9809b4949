"""The world with video vendors."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import TestDatabase
from tests.features.meetings.video_desk import VideoWorld, running_video_world


@pytest.fixture
async def video(database: TestDatabase) -> AsyncIterator[VideoWorld]:
    async with running_video_world(database) as made:
        yield made
