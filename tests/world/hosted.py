"""The world with providers at whose own pages the payer pays: Razorpay and PayTabs, both faked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from consulta.settings import PaymentSettings
from tests.conftest import TestDatabase
from tests.fakes.paytabs import FakePayTabs, running_fake_paytabs
from tests.fakes.razorpay import FakeRazorpay, running_fake_razorpay
from tests.settings import settings_for
from tests.world.world import World, running_world

RAZORPAY_WEBHOOK_SECRET = "webhook-secret-of-the-tests"
PAYTABS_PROFILE = 66455


@dataclass(frozen=True, slots=True)
class HostedWorld:
    """What both have in common: letters that arrive, and one clock for both sides."""

    world: World
    fake: FakeRazorpay | FakePayTabs

    async def letters_arrive(self) -> None:
        """The provider has delivered what it had, and the service has handled what is due."""
        for _ in range(2):
            await self.fake.control.settled()
            await self.world.work_off("webhooks.letters", "payments.operations")

    async def travel(self, **ahead: float) -> None:
        """The service's clock and the provider's."""
        await self.world.travel(**ahead)
        await self.fake.control.advance(timedelta(**ahead).total_seconds())

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """How a letter reaches the service."""
        return (await self.world.http.post(url, content=body, headers=headers)).status_code

    async def payment(self, booking: Any) -> dict[str, Any]:
        """The payment's row, as it stands."""
        rows = await self.world.rows(
            "SELECT * FROM app.payments WHERE id = $1", booking["payment"]["id"]
        )
        return rows[0]

    async def operations(self, booking: Any, kind: str) -> list[str]:
        """The states of the payment's operations of that kind, the oldest first."""
        rows = await self.world.rows(
            "SELECT state FROM app.payment_operations WHERE payment_id = $1 AND kind = $2"
            " ORDER BY created_at, id",
            booking["payment"]["id"],
            kind,
        )
        return [row["state"] for row in rows]


@dataclass(frozen=True, slots=True)
class RazorpayWorld(HostedWorld):
    fake: FakeRazorpay

    async def pays(self, booking: Any, card: str = "4100280000001007") -> None:
        """The payer pays the order in Razorpay's checkout, and the letters that follow."""
        self.fake.control.pay(booking["payment"]["next_action"]["order_reference"], card)
        await self.letters_arrive()


@dataclass(frozen=True, slots=True)
class PayTabsWorld(HostedWorld):
    fake: FakePayTabs

    async def pays(self, booking: Any, card: str = "4111111111111111") -> None:
        """The payer pays at the page that the booking names, and the letters that follow."""
        self.fake.control.pay(booking["payment"]["next_action"]["url"], card)
        await self.letters_arrive()


@asynccontextmanager
async def running_razorpay_world(database: TestDatabase) -> AsyncIterator[RazorpayWorld]:
    """The service with Razorpay as its provider, and the fake's letters posted to its webhook."""
    async with running_fake_razorpay(
        key_id="rzp_test_consulta",
        key_secret="razorpay-secret",
        webhook_url="http://consulta.test/api/webhooks/razorpay",
        webhook_secret=RAZORPAY_WEBHOOK_SECRET,
    ) as (fake, base_url):
        payments = PaymentSettings(
            provider="razorpay",
            razorpay_key_id="rzp_test_consulta",
            razorpay_key_secret=SecretStr("razorpay-secret"),
            razorpay_webhook_secret=SecretStr(RAZORPAY_WEBHOOK_SECRET),
            razorpay_api_base=base_url,
            timeout_seconds=5,
        )
        async with running_world(database, settings_for(database, payments=payments)) as world:
            made = RazorpayWorld(world, fake)
            fake.control.carry_letters(made.post)
            yield made
            await fake.control.settled()


@asynccontextmanager
async def running_paytabs_world(database: TestDatabase) -> AsyncIterator[PayTabsWorld]:
    """The service with PayTabs as its provider, and the fake's letters posted to its webhook."""
    async with running_fake_paytabs(
        profile_id=PAYTABS_PROFILE, server_key="SKEY000000-KEY0000000-KEY0000000"
    ) as (fake, base_url):
        payments = PaymentSettings(
            provider="paytabs",
            paytabs_profile_id=PAYTABS_PROFILE,
            paytabs_server_key=SecretStr("SKEY000000-KEY0000000-KEY0000000"),
            paytabs_region="ARE",
            paytabs_api_base=base_url,
            timeout_seconds=5,
        )
        async with running_world(database, settings_for(database, payments=payments)) as world:
            made = PayTabsWorld(world, fake)
            fake.control.carry_letters(made.post)
            fake.control.add_listener(
                "http://consulta.test/api/webhooks/paytabs", profile_id=PAYTABS_PROFILE
            )
            yield made
            await fake.control.settled()
