"""Every payment adapter on the same bench: how it is built, its methods, and what a payer does."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.manual import ManualProvider
from consulta.providers.payments.paytabs import PayTabsProvider
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Capabilities,
    Charge,
    ChargeStateConflict,
    ProviderUnavailable,
)
from consulta.providers.payments.razorpay import RazorpayProvider
from consulta.providers.payments.sandbox import SandboxProvider
from consulta.providers.payments.sandbox_charge import (
    DECLINED,
    DISPUTE,
    INSUFFICIENT_FUNDS,
    THREE_D_SECURE,
    VISA,
)
from consulta.providers.payments.sandbox_store import MemorySandboxStore, State
from consulta.providers.payments.stripe import StripeProvider
from tests.fakes.stripe import Refused, running_fake_stripe
from tests.providers.hosted_benches import paytabs_bench, razorpay_bench
from tests.providers.payment_bench import Bench, Letter

STRIPE_WEBHOOK_SECRET = "whsec_bench"
PRICE = Money(20_000, "USD")
HALF = Money(10_000, "USD")


class LossyStore:
    """A store whose answer can be lost after it has kept what it was given."""

    def __init__(self, inner: MemorySandboxStore) -> None:
        self.inner = inner
        self.replies_to_lose = 0

    async def load(self, reference: str) -> State | None:
        return await self.inner.load(reference)

    async def save(self, reference: str, state: State, *, expected_version: int) -> bool:
        kept = await self.inner.save(reference, state, expected_version=expected_version)
        if self.replies_to_lose:
            self.replies_to_lose -= 1
            raise ProviderUnavailable("the answer was lost")
        return kept

    async def find(self, payment_id: str) -> Sequence[State]:
        return await self.inner.find(payment_id)

    async def recent(self, since: datetime, *, limit: int) -> Sequence[State]:
        return await self.inner.recent(since, limit=limit)


@asynccontextmanager
async def sandbox_bench() -> AsyncIterator[Bench]:
    store = LossyStore(MemorySandboxStore())
    provider = SandboxProvider(store=store, secret="sandbox-secret")

    async def present(reference: str, method: str) -> None:
        await provider.present_method(reference, method)

    async def present_to_save(reference: str, method: str) -> None:
        await provider.present_to_save(reference, method)

    async def finish(reference: str, succeed: bool) -> None:
        await provider.complete_action(reference, succeed=succeed)

    async def letter_about(charge: Charge) -> Letter:
        return provider.letter_about(charge)

    def lose_next_reply() -> None:
        store.replies_to_lose = 1

    yield Bench(
        provider,
        approved=VISA,
        declined=DECLINED,
        without_funds=INSUFFICIENT_FUNDS,
        challenged=THREE_D_SECURE,
        disputed=DISPUTE,
        declined_later=INSUFFICIENT_FUNDS,
        challenged_later=THREE_D_SECURE,
        present_to_save=present_to_save,
        present=present,
        finish_challenge=finish,
        lose_next_reply=lose_next_reply,
        letter_about=letter_about,
    )
    await provider.close()


@asynccontextmanager
async def manual_bench() -> AsyncIterator[Bench]:
    provider = ManualProvider()
    yield Bench(provider)
    await provider.close()


@asynccontextmanager
async def stripe_bench() -> AsyncIterator[Bench]:
    async with running_fake_stripe() as (fake, url):
        provider = StripeProvider(
            secret_key="sk_test_benchmarked",
            publishable_key="pk_test_benchmarked",
            webhook_secrets=[STRIPE_WEBHOOK_SECRET],
            api_base=url,
            max_network_retries=0,
        )
        letters: list[Letter] = []

        async def keep(_url: str, body: bytes, headers: dict[str, str]) -> int:
            letters.append((body, headers))
            return 200

        fake.control.add_webhook("kept", secret=STRIPE_WEBHOOK_SECRET, transport=keep)

        async def present(reference: str, method: str) -> None:
            with contextlib.suppress(Refused):
                fake.control.browser_confirm(reference, payment_method=method)

        async def present_to_save(reference: str, method: str) -> None:
            with contextlib.suppress(Refused):
                setup = fake.control.browser_confirm(reference, payment_method=method)
                if setup["status"] == "requires_action":
                    fake.control.complete_action(reference)

        async def finish(reference: str, succeed: bool) -> None:
            fake.control.complete_action(reference, succeed=succeed)

        async def letter_about(charge: Charge) -> Letter:
            await fake.control.settled()
            return next(letter for letter in letters if charge.reference.encode() in letter[0])

        yield Bench(
            provider,
            approved="pm_card_visa",
            declined="pm_card_chargeDeclined",
            without_funds="pm_card_chargeDeclinedInsufficientFunds",
            challenged="pm_card_threeDSecure2Required",
            disputed="pm_card_createDispute",
            declined_later="pm_card_chargeCustomerFail",
            challenged_later="pm_card_authenticationRequired",
            present_to_save=present_to_save,
            present=present,
            finish_challenge=finish,
            lose_next_reply=lambda: fake.control.drop_next(method="POST"),
            letter_about=letter_about,
        )
        await provider.close()


BENCHES: dict[str, tuple[Capabilities, Callable[[], AbstractAsyncContextManager[Bench]]]] = {
    "sandbox": (SandboxProvider.capabilities, sandbox_bench),
    "stripe": (StripeProvider.capabilities, stripe_bench),
    "razorpay": (RazorpayProvider.capabilities, razorpay_bench),
    "paytabs": (PayTabsProvider.capabilities, paytabs_bench),
    "manual": (ManualProvider.capabilities, manual_bench),
}


def able_to(*capabilities: str) -> list[str]:
    """The adapters that declare all of these capabilities, by name."""
    return [
        name
        for name, (declared, _) in BENCHES.items()
        if all(getattr(declared, capability) for capability in capabilities)
    ]


def unable_to(capability: str) -> pytest.MarkDecorator:
    """The test is run against every adapter that takes money and declares that it cannot do so."""
    others = [name for name in able_to("takes_money") if name not in able_to(capability)]
    return pytest.mark.parametrize("bench", others, indirect=True)


def asked_of(*capabilities: str) -> pytest.MarkDecorator:
    """The test is run against every adapter that declares all of these capabilities."""
    return pytest.mark.parametrize("bench", able_to(*capabilities), indirect=True)


def key() -> str:
    return str(uuid4())


def order(**changes: Any) -> AuthorizeOrder:
    fields: dict[str, Any] = {"payment_id": str(uuid4()), "amount": PRICE}
    return AuthorizeOrder(**(fields | changes))


async def authorized(bench: Bench, **changes: Any) -> Charge:
    """A charge whose payer has presented a method: through us, or at the provider's page."""
    chosen = {"payment_method": bench.approved or None} | changes
    if bench.provider.capabilities.presents_methods:
        return await bench.provider.authorize(order(**chosen), idempotency_key=key())
    assert bench.present is not None
    method = chosen.pop("payment_method")
    waiting = await bench.provider.authorize(order(**chosen), idempotency_key=key())
    await bench.present(waiting.reference, method)
    return await bench.provider.fetch(waiting.reference)


async def disputed(bench: Bench) -> Charge:
    """A charge that was taken, and about which the payer has complained."""
    if bench.dispute is None:
        return await paid(bench, payment_method=bench.disputed)
    charge = await paid(bench)
    await bench.dispute(charge.reference)
    return charge


async def again(bench: Bench, call: Callable[[], Awaitable[Any]]) -> Any:
    """What came of a call whose answer was lost, asked with the same key; as the service does,
    which waits where it is told to and takes a conflict that shows its aim for the answer.
    """
    keyed = bench.provider.capabilities.idempotent_requests
    try:
        return await call()
    except ProviderUnavailable:
        assert not keyed, "a provider with keys answers at once"
        await bench.let_time_pass()
        return await call()
    except ChargeStateConflict as conflict:
        assert not keyed, "a provider with keys gives the first answer"
        return conflict.charge


async def paid(bench: Bench, **changes: Any) -> Charge:
    charge = await authorized(bench, **changes)
    return await bench.provider.capture(charge.reference, PRICE, idempotency_key=key())


def yesterday() -> datetime:
    return datetime.now(UTC) - timedelta(days=1)


def facts(charge: Charge) -> dict[str, Any]:
    """What a charge says about money and state: that which two readings must agree on."""
    return {
        "reference": charge.reference,
        "state": charge.state,
        "amount": charge.amount,
        "authorized": charge.authorized_minor,
        "captured": charge.captured_minor,
        "refunded": charge.refunded_minor,
        "disputed": charge.disputed,
        "payment_id": charge.payment_id,
        "capture_before": charge.capture_before,
    }
