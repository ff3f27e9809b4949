"""What every flow of recordings needs, and the service's own way to the records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database, Work
from consulta.providers.storage.links import FileLinks
from consulta.providers.storage.port import OwnStorage, Storage

_KEEPER = Actor.system("recordings.keeper")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The database, the storage, and `own`: the same storage where its links lead to us."""

    database: Database
    storage: Storage
    links: FileLinks
    own: OwnStorage | None = None

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[Work]:
        """A transaction in which is written down what the storage did: the worker's."""
        async with self.database.work(_KEEPER) as work:
            yield work

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Work]:
        """The same, and nothing can be written."""
        async with self.database.read(_KEEPER) as work:
            yield work
