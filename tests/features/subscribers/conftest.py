"""The service with the loopback open to outgoing webhooks, as whoever tries them out has it."""

from collections.abc import AsyncIterator

import pytest

from consulta.settings import SubscriberSettings
from tests.conftest import TestDatabase
from tests.settings import settings_for
from tests.world import World, running_world


@pytest.fixture
async def world(database: TestDatabase) -> AsyncIterator[World]:
    open_to = SubscriberSettings(allow_private="127.0.0.1/32")
    async with running_world(database, settings_for(database, subscribers=open_to)) as made:
        yield made
