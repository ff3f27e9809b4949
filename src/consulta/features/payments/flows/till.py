"""What every payment flow needs, and the service's own way to the records (D4)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database, Work
from consulta.providers.payments.registry import PaymentProviders

_CASHIER = Actor.system("payments.record")


@dataclass(frozen=True, slots=True)
class Till:
    """What a payment flow needs: the database, the providers, and how long it may wait for one."""

    database: Database
    providers: PaymentProviders
    patience_seconds: float = 8.0

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[Work]:
        """A transaction in which a provider's answer is written down: the worker's (D4)."""
        async with self.database.work(_CASHIER) as work:
            yield work

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Work]:
        """The same, and nothing can be written."""
        async with self.database.read(_CASHIER) as work:
            yield work
