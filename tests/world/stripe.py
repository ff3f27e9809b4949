"""The world with Stripe: the real SDK speaks to the stateful fake, whose letters arrive here."""

import contextlib
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from consulta.settings import PaymentSettings
from tests.conftest import TestDatabase
from tests.fakes.stripe import FakeStripe, Refused, running_fake_stripe
from tests.settings import settings_for
from tests.world.world import World, running_world

SECRET_KEY = "sk_test_consulta"
PUBLISHABLE_KEY = "pk_test_consulta"
WEBHOOK_SECRET = "whsec_of_the_tests"


@dataclass(frozen=True, slots=True)
class StripeWorld:
    """The people's world, and the bank's."""

    world: World
    fake: FakeStripe

    def intent_of(self, booking: Any) -> str:
        """The intent that a booking's payer was told about, from its client secret."""
        secret: str = booking["payment"]["next_action"]["client_secret"]
        return secret.partition("_secret_")[0]

    def intents(self) -> list[Any]:
        return list(self.fake.control.objects("payment_intent", key=SECRET_KEY))

    async def pays(self, booking: Any, method: str = "pm_card_visa") -> None:
        """What Stripe's script in the payer's browser does, and the letters that follow."""
        with contextlib.suppress(Refused):  # A declined card is told to the browser, too.
            self.fake.control.browser_confirm(self.intent_of(booking), payment_method=method)
        await self.letters_arrive()

    async def letters_arrive(self) -> None:
        """Stripe has delivered what it had, and the service has handled what is due."""
        await self.fake.control.settled()
        await self.world.work_off("webhooks.letters", "payments.operations")
        await self.fake.control.settled()
        await self.world.work_off("webhooks.letters")

    def signed_header(self, body: bytes, *, secret: str = WEBHOOK_SECRET, at: float = 0) -> str:
        stamp = int(at or time.time())
        mark = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={stamp},v1={mark}"


def payment_settings(base_url: str) -> PaymentSettings:
    return PaymentSettings(
        provider="stripe",
        stripe_publishable_key=PUBLISHABLE_KEY,
        stripe_secret_key=SecretStr(SECRET_KEY),
        stripe_webhook_secret=SecretStr(WEBHOOK_SECRET),
        stripe_api_base=base_url,
        timeout_seconds=5,
    )


@asynccontextmanager
async def running_stripe_world(database: TestDatabase) -> AsyncIterator[StripeWorld]:
    """The service with Stripe as its provider, and the fake's letters posted to its webhook."""
    async with running_fake_stripe() as (fake, base_url):
        settings = settings_for(database, payments=payment_settings(base_url))
        async with running_world(database, settings) as world:

            async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
                answer = await world.http.post(url, content=body, headers=headers)
                return answer.status_code

            fake.control.add_webhook(
                "http://consulta.test/api/webhooks/stripe",
                secret=WEBHOOK_SECRET,
                account=fake.control.account_of(SECRET_KEY),
                transport=post,
            )
            yield StripeWorld(world, fake)
            await fake.control.settled()
