"""The stage: the service in its own process between the proxy and the fake Stripe, and one clock
for all of them that only moves when it is told to.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from consulta.platform.db.dsn import Dsn
from tests.conftest import TestDatabase
from tests.crash.killer import CrashPlan
from tests.crash.patience import PatientTransport, patient_client
from tests.crash.service import PRODUCT, RunningService, running_service
from tests.crash.wire import Verdict, WireProxy
from tests.fakes.stripe import FakeStripe, running_fake_stripe
from tests.fakes.stripe.serve import ConnectionDropped
from tests.settings import settings_for
from tests.world.stripe import WEBHOOK_SECRET, payment_settings
from tests.world.world import World, running_world


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a flow is performed. People of `world` speak over `patience` to `service`."""

    world: World
    proxy: WireProxy
    fake: FakeStripe
    service: RunningService
    patience: PatientTransport

    async def pass_time(self, seconds: float) -> None:
        """The database's clock and the fake's are ahead by so much more."""
        await self.world.travel(seconds=seconds)
        await self.fake.control.advance(seconds)

    async def recover(self, seconds: float) -> None:
        """What a client waits for: time passes, and whoever watches the service restarts it."""
        await self.pass_time(seconds)
        await self.service.revive()

    def follow(self, plan: CrashPlan) -> None:
        """The plan, and no other, hears of every statement and of every call to the provider."""
        self.proxy.reset()
        plan.plug_into(self.proxy)
        self.fake.on_event = _hook(plan)


def _hook(plan: CrashPlan) -> Callable[[str, str], None]:
    def told(name: str, phase: str) -> None:
        if plan.provider_event(name, phase) is Verdict.DROP:
            raise ConnectionDropped

    return told


@asynccontextmanager
async def set_stage(
    database: TestDatabase, *, factory: str = PRODUCT, with_clock: bool = False
) -> AsyncIterator[Stage]:
    """Everything runs. Stripe's letters are held until a flow lets them go, and the service's own
    clock only ticks `with_clock`: the worker else runs when it is told to.
    """
    dsn = Dsn(database.superuser_dsn)
    async with (
        running_fake_stripe() as (fake, stripe_base),
        WireProxy(upstream_host=dsn.host, upstream_port=urlsplit(dsn.text).port or 5432) as proxy,
        running_service(
            database,
            proxy_port=proxy.port,
            stripe_base=stripe_base,
            factory=factory,
            with_clock=with_clock,
        ) as service,
        running_world(
            database, settings_for(database, payments=payment_settings(stripe_base))
        ) as inner,
    ):
        fake.control.hold_webhooks()
        fake.control.add_webhook(f"{service.base_url}/api/webhooks/stripe", secret=WEBHOOK_SECRET)

        async def recover(seconds: float) -> None:
            await stage.recover(seconds)

        patience = PatientTransport(wait=recover)
        async with patient_client(patience, base_url=service.base_url) as http:
            stage = Stage(_outside(inner, http), proxy, fake, service, patience)
            yield stage
            # No letter may go out to a service that is about to end.
            fake.control.reset()


def _outside(inner: World, http: httpx.AsyncClient) -> World:
    """The same database and people, who now speak to the service in the other process."""
    return World(inner.app, http, inner.database, inner.superuser)
