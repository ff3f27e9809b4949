"""The Stripe adapter at an account: what banks, dashboards and bad days do to a charge."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    ProviderUnavailable,
)
from consulta.providers.payments.stripe import StripeProvider
from tests.fakes.stripe import Control, running_fake_stripe
from tests.providers.payment_benches import HALF, PRICE, key, order

VISA = "pm_card_visa"


@dataclass
class Account:
    control: Control
    provider: StripeProvider
    url: str

    async def charge(self, method: str = VISA, **changes: Any) -> Charge:
        asked = order(payment_method=method, **changes)
        return await self.provider.authorize(asked, idempotency_key=key())

    async def paid(self, method: str = VISA) -> Charge:
        return await self.charge(method, capture_now=True)


def provider_at(url: str, **changes: Any) -> StripeProvider:
    settings: dict[str, Any] = {
        "secret_key": "sk_test_account",
        "publishable_key": None,
        "webhook_secrets": [],
        "api_base": url,
        "max_network_retries": 0,
    }
    return StripeProvider(**(settings | changes))


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with running_fake_stripe() as (fake, url):
        provider = provider_at(url)
        yield Account(fake.control, provider, url)
        await provider.close()


async def test_an_authorisation_lapses_and_takes_nothing(account: Account) -> None:
    charge = await account.charge()
    assert charge.capture_before is not None
    await account.control.advance(timedelta(days=7, minutes=1).total_seconds())
    assert (await account.provider.fetch(charge.reference)).state is ChargeState.CANCELLED
    with pytest.raises(ChargeStateConflict) as conflict:
        await account.provider.capture(charge.reference, PRICE, idempotency_key=key())
    assert conflict.value.charge is not None
    assert conflict.value.charge.state is ChargeState.CANCELLED
    assert account.control.state()["captured_minor"] == 0


async def test_a_merchants_own_authorisation_is_shorter(account: Account) -> None:
    charge = await account.charge(off_session=True)
    assert charge.capture_before is not None
    left = charge.capture_before - datetime.now(UTC)
    assert timedelta(days=4, hours=17) < left <= timedelta(days=4, hours=18)


async def test_a_slow_method_is_processing_until_its_bank_answers(account: Account) -> None:
    charge = await account.charge("pm_usBankAccount", capture_now=True)
    assert (charge.state, charge.captured_minor) == (ChargeState.PROCESSING, 0)
    account.control.settle_processing(charge.reference)
    settled = await account.provider.fetch(charge.reference)
    assert (settled.state, settled.captured_minor) == (ChargeState.PAID, 20_000)


async def test_a_refund_may_wait_for_the_bank(account: Account) -> None:
    charge = await account.paid("pm_card_pendingRefund")
    refund, _ = await account.provider.refund(charge.reference, HALF, idempotency_key=key())
    assert refund.state == "pending"


async def test_the_dashboard_is_seen(account: Account) -> None:
    charge = await account.paid()
    account.control.refund_from_dashboard(charge.reference, amount=500)
    account.control.open_dispute(charge.reference)
    seen = await account.provider.fetch(charge.reference)
    assert (seen.refunded_minor, seen.disputed, seen.state) == (500, True, ChargeState.PAID)


async def test_another_accounts_charge_does_not_exist(account: Account) -> None:
    charge = await account.charge()
    stranger = provider_at(account.url, secret_key="sk_test_stranger")
    with pytest.raises(ChargeRefused) as refused:
        await stranger.fetch(charge.reference)
    assert refused.value.reason == "resource_missing"
    since = datetime.now(UTC) - timedelta(days=1)
    assert [found async for found in stranger.recent(since)] == []
    await stranger.close()


async def test_a_revoked_key_is_doubt_and_not_a_refusal(account: Account) -> None:
    account.control.revoke_key("sk_test_account")
    with pytest.raises(ProviderUnavailable):
        await account.charge()


async def test_no_two_posts_share_a_key_that_nobody_gave(account: Account) -> None:
    charge = await account.provider.authorize(order(payment_method=VISA), idempotency_key="op-1")
    await account.provider.capture(charge.reference, PRICE, idempotency_key="op-2")
    await account.provider.refund(charge.reference, HALF, idempotency_key="op-3")
    with pytest.raises(ChargeStateConflict):
        await account.provider.cancel(charge.reference, idempotency_key="op-4")
    posts = account.control.requests(method="POST")
    assert [post["idempotency_key"] for post in posts] == ["op-1", "op-2", "op-3", "op-4"]


@pytest.mark.parametrize("status", [409, 429, 500, 503])
async def test_five_bad_answers_and_then_one_charge(account: Account, status: int) -> None:
    asked, same = order(payment_method=VISA), key()
    account.control.fail_next(5, status=status, method="POST")
    for _ in range(5):
        with pytest.raises(ProviderUnavailable) as unavailable:
            await account.provider.authorize(asked, idempotency_key=same)
        assert not unavailable.value.stored
    charge = await account.provider.authorize(asked, idempotency_key=same)
    assert charge.state is ChargeState.AUTHORIZED
    assert account.control.state()["payment_intents"] == {"requires_capture": 1}


async def test_a_stored_failure_says_that_it_will_not_change(account: Account) -> None:
    asked, same = order(payment_method=VISA), key()
    account.control.fail_next(
        status=500, stored=True, executes=True, should_retry=False, method="POST"
    )
    for _ in range(3):
        with pytest.raises(ProviderUnavailable) as unavailable:
            await account.provider.authorize(asked, idempotency_key=same)
        assert unavailable.value.stored
    found = await account.provider.find(asked.payment_id, created_after=datetime.now(UTC))
    assert found is not None
    assert found.state is ChargeState.AUTHORIZED


async def test_the_sdk_does_not_repeat_what_stripe_says_not_to(account: Account) -> None:
    patient = provider_at(account.url, max_network_retries=2)
    account.control.fail_next(3, status=500, should_retry=False, method="POST")
    with pytest.raises(ProviderUnavailable):
        await patient.authorize(order(), idempotency_key=key())
    assert len(account.control.requests(method="POST")) == 1
    await patient.close()


async def test_a_key_in_use_is_doubt(account: Account) -> None:
    asked, same = order(payment_method=VISA), key()
    account.control.delay_next(0.3, method="POST")
    first = asyncio.ensure_future(account.provider.authorize(asked, idempotency_key=same))
    await asyncio.sleep(0.1)
    with pytest.raises(ProviderUnavailable):
        await account.provider.authorize(asked, idempotency_key=same)
    charge = await first
    again = await account.provider.authorize(asked, idempotency_key=same)
    assert again.reference == charge.reference


async def test_a_call_that_is_given_up_happened_all_the_same(account: Account) -> None:
    hasty = provider_at(account.url, timeout_seconds=0.1)
    asked, same = order(payment_method=VISA), key()
    account.control.delay_next(0.3, phase="after", method="POST")
    with pytest.raises(ProviderUnavailable):
        await hasty.authorize(asked, idempotency_key=same)
    found = await account.provider.find(asked.payment_id, created_after=datetime.now(UTC))
    charge = await account.provider.authorize(asked, idempotency_key=same)
    assert found is not None
    assert found.reference == charge.reference
    await hasty.close()


async def test_a_bank_page_needs_an_address_to_return_to(account: Account) -> None:
    asked = AuthorizeOrder(
        payment_id=key(),
        amount=Money(5_000, "EUR"),
        payment_method="pm_card_threeDSecure2Required",
        return_url="https://app.example/payments/return/stripe",
    )
    charge = await account.provider.authorize(asked, idempotency_key=key())
    assert charge.state is ChargeState.REQUIRES_ACTION
    assert charge.next_action is not None
    assert (charge.next_action.kind, bool(charge.next_action.url)) == ("redirect", True)
