"""One arena for the whole folder: its races do not disturb each other, each has its specialist."""

from collections.abc import AsyncIterator

import pytest

from consulta.platform.db.dsn import Dsn
from tests.conftest import cloned
from tests.races.arena import Arena, running_arena

CROWD = 200


@pytest.fixture(scope="session")
async def arena(template: Dsn, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    logs = tmp_path_factory.mktemp("replicas")
    async with (
        cloned(template) as database,
        running_arena(database, people=CROWD, logs=logs) as made,
    ):
        yield made
