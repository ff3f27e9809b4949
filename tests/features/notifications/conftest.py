"""The service with a post office."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import TestDatabase
from tests.features.notifications.desk import Desk, opened


@pytest.fixture
async def desk(database: TestDatabase) -> AsyncIterator[Desk]:
    async with opened(database) as made:
        yield made
