"""Which vendor stands behind which port, who reacts to which fact, which jobs run."""

from dataclasses import dataclass

from fastapi import FastAPI

from consulta.platform.crypto import Vault
from consulta.platform.db.work import Database
from consulta.providers.payments.registry import PaymentProviders
from consulta.settings import Settings


@dataclass(slots=True)
class Service:
    """The joined parts, and their beginning and end."""

    settings: Settings
    database: Database
    providers: PaymentProviders

    def attach(self, app: FastAPI) -> None:
        """Routes find the parts on `app.state`."""
        app.state.database = self.database
        app.state.providers = self.providers

    async def start(self) -> None: ...

    async def stop(self) -> None:
        await self.providers.close()
        await self.database.engines.dispose()


def wire(settings: Settings, database: Database, *, vault: Vault) -> Service: ...
