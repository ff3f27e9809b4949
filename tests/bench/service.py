"""The service under measurement, as `consulta serve` runs it, with settings from the environment:
`python -m tests.bench.service sandbox|elsewhere`.
"""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import uvicorn
from fastapi import FastAPI

from consulta import serving
from consulta.platform import logging
from consulta.providers.payments.registry import PaymentProviders
from consulta.providers.payments.sandbox import SandboxProvider
from consulta.providers.payments.sandbox_store import MemorySandboxStore, State
from consulta.settings import Settings
from tests.bench.supply import authorized_charge

FACTORIES = {
    "sandbox": "consulta.serving:application",
    "elsewhere": "tests.bench.service:application_with_books_elsewhere",
}
_CHARGES_REMEMBERED = 100


class BooksElsewhere(MemorySandboxStore):
    """A store outside of our database, which knows the charges that await their cancellation.

    It remembers few: two processes share no memory, and looking through much would be measured.
    """

    def __init__(self) -> None:
        super().__init__(charges_max=_CHARGES_REMEMBERED)

    async def load(self, reference: str) -> State | None:
        if reference.startswith("doomed_"):
            return authorized_charge(reference, now=time.time()).as_state()
        return await super().load(reference)

    async def save(self, reference: str, state: State, *, expected_version: int) -> bool:
        if reference.startswith("doomed_"):
            return True
        return await super().save(reference, state, expected_version=expected_version)


def application_with_books_elsewhere() -> FastAPI:
    """The real application; only the sandbox's store is another one."""
    app = serving.application()
    begin = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: FastAPI) -> AsyncIterator[None]:
        async with begin(started):
            sandbox = SandboxProvider(store=BooksElsewhere(), secret="a-secret-of-the-benchmark")
            providers = PaymentProviders({"sandbox": sandbox}, default="sandbox")
            started.state.till = replace(started.state.till, providers=providers)
            yield

    app.router.lifespan_context = lifespan
    return app


def main(kind: str) -> None:
    settings = Settings.load()
    logging.configure(settings.observability)
    serving.ensure_servable(settings)
    serving.exit_cleanly_on_signals()
    uvicorn.run(
        FACTORIES[kind],
        factory=True,
        workers=settings.http.workers,
        **serving.server_options(settings),
    )


if __name__ == "__main__":
    main(sys.argv[1])
