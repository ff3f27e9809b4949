"""The sandbox: one effect for a key, whoever else is writing, and the store in memory."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments import sandbox_charge as methods
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    ProviderUnavailable,
)
from consulta.providers.payments.sandbox import RECENT_MAX, SandboxProvider
from consulta.providers.payments.sandbox_store import MemorySandboxStore, State
from tests.providers.payment_benches import facts

PRICE = Money(20_000, "USD")
SECRET = "sandbox-secret"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOON.timestamp()

    def __call__(self) -> float:
        return self.at

    def pass_by(self, **span: float) -> None:
        self.at += timedelta(**span).total_seconds()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemorySandboxStore:
    return MemorySandboxStore()


@pytest.fixture
def sandbox(store: MemorySandboxStore, clock: Clock) -> SandboxProvider:
    return SandboxProvider(store=store, secret=SECRET, clock=clock)


def key() -> str:
    return str(uuid4())


async def charged(sandbox: SandboxProvider, method: str | None, **changes: object) -> Charge:
    fields = {"payment_id": str(uuid4()), "amount": PRICE, "payment_method": method} | changes
    order: Any = fields
    return await sandbox.authorize(AuthorizeOrder(**order), idempotency_key=key())


async def test_a_key_answers_as_it_did_although_the_charge_went_on(
    sandbox: SandboxProvider,
) -> None:
    order = AuthorizeOrder(payment_id="p-1", amount=PRICE, payment_method=methods.VISA)
    first = await sandbox.authorize(order, idempotency_key="key-1")
    await sandbox.capture(first.reference, PRICE, idempotency_key="key-2")
    assert facts(await sandbox.authorize(order, idempotency_key="key-1")) == facts(first)


async def test_a_conflict_is_told_again_under_its_key(sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, methods.VISA, capture_now=True)
    for _ in range(2):
        with pytest.raises(ChargeStateConflict) as conflict:
            await sandbox.cancel(charge.reference, idempotency_key="key-1")
        assert conflict.value.charge is not None
        assert conflict.value.charge.state is ChargeState.PAID


@pytest.mark.parametrize("amount", [Money(100, "USD"), Money(200, "USD")])
async def test_a_key_keeps_its_verb_and_amount(sandbox: SandboxProvider, amount: Money) -> None:
    charge = await charged(sandbox, methods.VISA)
    await sandbox.capture(charge.reference, Money(150, "USD"), idempotency_key="key-1")
    with pytest.raises(ChargeRefused) as refused:
        await sandbox.refund(charge.reference, amount, idempotency_key="key-1")
    assert refused.value.reason == "idempotency_mismatch"
    with pytest.raises(ChargeRefused):
        await sandbox.capture(charge.reference, amount, idempotency_key="key-1")


async def test_accounts_do_not_share_keys(store: MemorySandboxStore) -> None:
    order = AuthorizeOrder(payment_id="p-1", amount=PRICE)
    references = {
        (await provider.authorize(order, idempotency_key="key-1")).reference
        for provider in (
            SandboxProvider(store=store, secret=SECRET, account="one"),
            SandboxProvider(store=store, secret=SECRET, account="two"),
        )
    }
    assert len(references) == 2


async def test_another_replica_and_a_restart_see_the_same(
    store: MemorySandboxStore, clock: Clock
) -> None:
    first = SandboxProvider(store=store, secret=SECRET, clock=clock)
    second = SandboxProvider(store=store, secret=SECRET, clock=clock)
    charge = await charged(first, methods.VISA)
    await second.capture(charge.reference, PRICE, idempotency_key=key())
    assert (await first.fetch(charge.reference)).state is ChargeState.PAID


async def test_the_state_is_plain_json(store: MemorySandboxStore, sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, methods.VISA, payment_id="p-1")
    await sandbox.capture(charge.reference, PRICE, idempotency_key=key())
    state = await store.load(charge.reference)
    assert state is not None
    assert json.loads(json.dumps(state)) == state
    assert (state["payment_id"], state["version"]) == ("p-1", 2)


async def test_a_charge_remembers_a_bounded_number_of_requests(sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, methods.VISA, capture_now=True)
    cent = Money(1, "USD")
    for _ in range(methods.OPERATIONS_MAX - 1):
        await sandbox.refund(charge.reference, cent, idempotency_key=key())
    with pytest.raises(ChargeRefused) as refused:
        await sandbox.refund(charge.reference, cent, idempotency_key=key())
    assert refused.value.reason == "too_many_operations"
    after = await sandbox.fetch(charge.reference)
    assert after.refunded_minor == methods.OPERATIONS_MAX - 1


class BusyStore(MemorySandboxStore):
    """Somebody else is always a moment faster."""

    async def save(self, reference: str, state: State, *, expected_version: int) -> bool:
        return False


async def test_endless_contention_ends_as_unavailable() -> None:
    with pytest.raises(ProviderUnavailable):
        await charged(SandboxProvider(store=BusyStore(), secret=SECRET), methods.VISA)


class YieldingStore(MemorySandboxStore):
    """Lets others run between reading and writing, as a database does."""

    async def load(self, reference: str) -> State | None:
        state = await super().load(reference)
        await asyncio.sleep(0)
        return state


async def test_racing_replicas_lose_no_refund() -> None:
    sandbox = SandboxProvider(store=YieldingStore(), secret=SECRET)
    charge = await charged(sandbox, methods.VISA, capture_now=True)
    await asyncio.gather(
        *(
            sandbox.refund(charge.reference, Money(100, "USD"), idempotency_key=key())
            for _ in range(20)
        )
    )
    assert (await sandbox.fetch(charge.reference)).refunded_minor == 2_000


async def test_the_memory_store_forgets_the_oldest_first() -> None:
    store = MemorySandboxStore(charges_max=2)
    sandbox = SandboxProvider(store=store, secret=SECRET)
    charges = [await charged(sandbox, methods.VISA) for _ in range(3)]
    with pytest.raises(ChargeRefused):
        await sandbox.fetch(charges[0].reference)
    assert [(await sandbox.fetch(c.reference)).reference for c in charges[1:]] == [
        charge.reference for charge in charges[1:]
    ]


async def test_recent_refuses_to_look_complete_beyond_its_bound(clock: Clock) -> None:
    store = MemorySandboxStore()
    sandbox = SandboxProvider(store=store, secret=SECRET, clock=clock)
    for _ in range(RECENT_MAX):
        await charged(sandbox, None)
    told = 0
    with pytest.raises(ProviderUnavailable):
        async for _ in sandbox.recent(NOON):
            told += 1
    assert told == RECENT_MAX
