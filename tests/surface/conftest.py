"""One database for a module of the surface: each test builds people of its own in it."""

from collections.abc import AsyncIterator

import pytest

from consulta.settings import HttpSettings, LiveSettings
from tests.conftest import TestDatabase
from tests.settings import settings_for
from tests.surface.town import Town, build_town
from tests.world import World, running_world

ALLOWED_ORIGIN = "https://app.consulta.example"


@pytest.fixture(scope="module")
async def surface(module_database: TestDatabase) -> AsyncIterator[World]:
    """The service, with one origin that browsers may call it from."""
    http = HttpSettings(drain_seconds=5, allowed_origins=(ALLOWED_ORIGIN,))
    # A stream never ends, and would not be answered through a transport in memory.
    live = LiveSettings(most_streams=0)
    settings = settings_for(module_database, http=http, live=live)
    async with running_world(module_database, settings) as world:
        yield world


@pytest.fixture
async def town(surface: World) -> Town:
    return await build_town(surface)
