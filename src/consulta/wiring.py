"""Which vendor stands behind which port, who reacts to which fact, which jobs run."""

from dataclasses import dataclass

from fastapi import FastAPI

from consulta.features.analytics import jobs as analytics_jobs
from consulta.features.bookings import jobs as booking_jobs
from consulta.features.bookings import reactions as bookings
from consulta.features.payments import jobs as payment_jobs
from consulta.features.payments.events import (
    PaymentAuthorized,
    PaymentReleased,
    PaymentReturned,
    PaymentTaken,
)
from consulta.features.payments.flows import Till
from consulta.features.webhooks import jobs as webhook_jobs
from consulta.features.webhooks.flows import LetterBox, letter_box
from consulta.platform.auth.identity import Identities
from consulta.platform.auth.passwords import Passwords
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Database, Engines
from consulta.platform.events import Reactions
from consulta.platform.job import Job
from consulta.platform.jobs import Jobs
from consulta.platform.scheduler import Scheduler
from consulta.providers.payments.manual import ManualProvider
from consulta.providers.payments.port import PaymentProvider
from consulta.providers.payments.registry import PaymentProviders
from consulta.providers.payments.sandbox import SandboxProvider
from consulta.providers.payments.sandbox_postgres import PostgresSandboxStore
from consulta.providers.payments.stripe import StripeProvider
from consulta.settings import PaymentSettings, Settings

REACTIONS = (
    (PaymentAuthorized, bookings.await_confirmation_when_authorized),
    (PaymentTaken, bookings.confirm_when_taken),
    (PaymentReleased, bookings.expire_when_released),
    (PaymentReturned, bookings.mark_refunded_when_returned),
)


@dataclass(slots=True)
class Service:
    """The joined parts, and their beginning and end."""

    settings: Settings
    vault: Vault
    database: Database
    identities: Identities
    passwords: Passwords
    till: Till
    letter_box: LetterBox
    jobs: Jobs
    scheduler: Scheduler

    def attach(self, app: FastAPI) -> None:
        """Routes find the parts on `app.state`."""
        app.state.database = self.database
        app.state.identities = self.identities
        app.state.passwords = self.passwords
        app.state.till = self.till
        app.state.letter_box = self.letter_box
        app.state.jobs = self.jobs
        app.state.scheduler = self.scheduler

    async def start(self) -> None:
        """The clock ticks, where the settings let it."""
        if self.settings.schedule.enabled:
            self.scheduler.start()

    async def stop(self) -> None:
        """Runs are awaited, then the pools and the providers' connections close."""
        await self.scheduler.stop(drain_seconds=self.settings.http.drain_seconds)
        await self.till.providers.close()
        await self.identities.aclose()
        await self.database.engines.dispose()


def wire(settings: Settings, engines: Engines, *, vault: Vault) -> Service:
    """The service, joined and not yet started."""
    database = Database(engines, Reactions(REACTIONS))
    till = Till(
        database,
        providers_of(settings.payments, database),
        patience_seconds=settings.payments.timeout_seconds,
    )
    box = letter_box(till)
    jobs = Jobs(database, _jobs(till, box))
    box.inbox.wakes(lambda: jobs.nudge("webhooks.letters"))
    return Service(
        settings=settings,
        vault=vault,
        database=database,
        identities=Identities.from_settings(database, settings.auth),
        passwords=Passwords(
            memory_kib=settings.auth.password_memory_kib, passes=settings.auth.password_passes
        ),
        till=till,
        letter_box=box,
        jobs=jobs,
        scheduler=Scheduler(jobs),
    )


def providers_of(settings: PaymentSettings, database: Database) -> PaymentProviders:
    """Every provider that the settings have keys for. The sandbox stands in only where it is the
    default, so that nobody can pay with it where money is taken.
    """
    providers: dict[str, PaymentProvider] = {"manual": ManualProvider()}
    if settings.default_provider == "sandbox":
        providers["sandbox"] = SandboxProvider(
            store=PostgresSandboxStore(database),
            secret=settings.sandbox_webhook_secret.get_secret_value(),
        )
    if key := settings.stripe_secret_key.get_secret_value():
        providers["stripe"] = StripeProvider(
            secret_key=key,
            publishable_key=settings.stripe_publishable_key,
            webhook_secrets=(settings.stripe_webhook_secret.get_secret_value(),),
            api_base=settings.stripe_api_base or None,
            timeout_seconds=settings.timeout_seconds,
        )
    return PaymentProviders(providers, default=settings.default_provider)


def _jobs(till: Till, box: LetterBox) -> tuple[Job, ...]:
    return (
        *booking_jobs.JOBS,
        *payment_jobs.jobs_of(till),
        *webhook_jobs.jobs_of(box),
        *analytics_jobs.JOBS,
    )
