"""Speaking to providers: lease - call - record. No transaction is open while we wait for a vendor,
and every step may run twice (D6).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from consulta.features.payments import queries, service
from consulta.features.payments.flows.answer import Answer
from consulta.features.payments.flows.doubt import follow_refusal, needs_resolving, resolve
from consulta.features.payments.flows.till import Till
from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import (
    LEASE_SECONDS,
)
from consulta.kernel.errors import Unavailable
from consulta.kernel.money import Money
from consulta.platform.db.work import Work
from consulta.platform.metrics import PROVIDER_SECONDS
from consulta.providers.payments.port import (
    AuthorizeOrder,
    ChargeRefused,
    PaymentProvider,
    ProviderUnavailable,
)


async def perform(till: Till, lease: Lease) -> Answer:
    """The leased operation is carried out, and its outcome recorded where it is known."""
    answer = await ask(till, lease)
    async with till.recording() as work:
        await write_down(work, lease, answer)
    return answer


async def due_operations(till: Till, *, limit: int) -> Sequence[Lease]:
    """Operations whose time has come, leased to us: `perform` them."""
    async with till.recording() as work:
        return await queries.due_operations_leased(work, limit=limit, lease_seconds=LEASE_SECONDS)


async def ask(till: Till, lease: Lease) -> Answer:
    """The provider's answer to the operation. Nothing is written; nothing is raised but bugs."""
    if lease.waits_for_bank or lease.is_not_owed:
        is_undecided = lease.waits_for_bank
        return Answer(waits_for_bank=is_undecided, is_not_owed=not is_undecided)
    return await _asked(till, lease)


async def _asked(till: Till, lease: Lease) -> Answer:
    try:
        async with (
            asyncio.timeout(till.patience_seconds),
            till.providers.of(lease.provider, lease.account) as provider,
        ):
            try:
                # A drawer has no keys that it could forget, and nothing to read.
                if provider.capabilities.remembers and needs_resolving(lease):
                    return await resolve(provider, lease)
                return await _call(till, provider, lease)
            except ChargeRefused as refused:
                return await follow_refusal(provider, lease, refused)
    except ChargeRefused as refused:
        return Answer(refused=refused)
    except ProviderUnavailable as unavailable:
        return Answer(unavailable=unavailable)
    except (TimeoutError, Unavailable):
        # Keys that are missing or cannot be read may come back, like a provider that is slow.
        return Answer(unavailable=ProviderUnavailable("The payment provider did not answer."))


async def write_down(work: Work, lease: Lease, answer: Answer) -> None:
    """The outcome of an operation is in its row and, where it moved money, in the payment's."""
    if answer.seen is not None:
        refusal = answer.refused.reason if answer.refused is not None else None
        await service.resolve_refund(work, lease, answer.seen, refusal=refusal)
    elif answer.charge is not None:
        await service.record(
            work,
            lease,
            answer.charge,
            reference=answer.reference,
            is_one_call=answer.is_one_call,
        )
    elif answer.refused is not None:
        await service.refuse(work, lease, answer.refused.reason, answer.refused.charge)
    elif answer.unavailable is not None:
        await service.postpone(
            work,
            lease,
            answer.unavailable.code,
            retry_after_seconds=answer.unavailable.retry_after_seconds,
            stored=answer.unavailable.stored,
        )
    elif answer.waits_for_bank:
        await service.wait_for_bank(work, lease)
    elif answer.is_not_owed:
        await service.settle_not_owed(work, lease)
    elif answer.lapses_at is not None:
        await service.wait_for_lapse(work, lease, answer.lapses_at)
    elif answer.is_undone or lease.kind in {"capture", "refund"}:
        await service.replace(work, lease, "no effect at the provider")
    else:
        await service.settle_absence(work, lease)


async def _call(till: Till, provider: PaymentProvider, lease: Lease) -> Answer:
    with _timed(lease):
        if lease.kind == "authorize":
            order = _order(lease)
            if lease.reference is not None and order.charge_reference is None:
                # A letter told us of the charge before this call's own answer did.
                return Answer(await provider.fetch(lease.reference))
            key = str(lease.operation_id)
            return Answer(await provider.authorize(order, idempotency_key=key))
        if lease.kind in {"capture", "refund"} and not provider.capabilities.remembers:
            return await _by_hand(till, provider, lease)
        if lease.reference is None:
            return await resolve(provider, lease)
        return await _move(provider, lease, lease.reference)


async def _move(provider: PaymentProvider, lease: Lease, reference: str) -> Answer:
    key = str(lease.operation_id)
    if lease.kind == "capture":
        return Answer(await provider.capture(reference, lease.amount, idempotency_key=key))
    if lease.kind == "cancel":
        return Answer(await provider.cancel(reference, idempotency_key=key))
    refund, charge = await provider.refund(reference, lease.amount, idempotency_key=key)
    if refund.state == "failed":
        return Answer(refused=ChargeRefused(reason="refund_failed", charge=charge))
    return Answer(charge, reference=refund.reference)


async def _by_hand(till: Till, provider: PaymentProvider, lease: Lease) -> Answer:
    """Somebody has the money in hand, or gave it back: that is written down, and no more."""
    reference = lease.reference
    if reference is None:
        async with till.looking() as work:
            payment = await queries.payment(work, lease.payment_id)
        assert payment is not None, "an operation has a payment"
        whole = Money(payment["amount_minor"], payment["currency"])
        order = AuthorizeOrder(payment_id=str(lease.payment_id), amount=whole)
        charge = await provider.authorize(order, idempotency_key=str(lease.operation_id))
        reference = charge.reference
    # It is taken whole, and returned in parts, of which only our own rows know the others.
    return replace(await _move(provider, lease, reference), is_one_call=lease.kind == "refund")


def _order(lease: Lease) -> AuthorizeOrder:
    return AuthorizeOrder(
        payment_id=str(lease.payment_id),
        amount=lease.amount,
        payment_method=lease.params.get("payment_method"),
        return_url=lease.params.get("return_url"),
        charge_reference=lease.params.get("charge_reference"),
        capture_now=lease.params.get("capture_now", False),
        off_session=lease.is_off_session,
        customer_reference=lease.params.get("customer"),
    )


class _timed:  # noqa: N801 - reads as a verb where it is used
    """Measures a provider's call by its outcome."""

    def __init__(self, lease: Lease) -> None:
        self._labels = (lease.provider, lease.kind)

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        outcome = "ok" if kind is None else kind.__name__
        PROVIDER_SECONDS.labels(*self._labels, outcome).observe(time.perf_counter() - self._begun)
