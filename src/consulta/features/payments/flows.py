"""Speaking to providers: lease - call - record. No transaction is open while we wait for a vendor,
and every step may run twice (D6).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from consulta.features.payments import queries, service
from consulta.features.payments.errors import (
    PaymentMovedOn,
    PaymentNotFound,
    PaymentNotPending,
)
from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import LEASE_SECONDS, STORED_ERROR_LIMIT, key_is_fresh
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database, Work
from consulta.platform.metrics import PROVIDER_SECONDS
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    PaymentProvider,
    ProviderUnavailable,
)
from consulta.providers.payments.registry import PaymentProviders, ProviderNotConfigured
from consulta.providers.payments.sandbox import SandboxProvider

_log = structlog.get_logger("consulta.payments")
_CASHIER = Actor.system("payments.record")
_SEARCH_BACK = timedelta(hours=48)
_PATIENT_READS = 4


@dataclass(frozen=True, slots=True)
class Till:
    """What a payment flow needs: the database, the providers, and how long it may wait for one."""

    database: Database
    providers: PaymentProviders
    patience_seconds: float = 8.0

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[Work]:
        """A transaction in which a provider's answer is written down: the worker's (D4)."""
        async with self.database.work(_CASHIER) as work:
            yield work


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: a charge, a refusal, or nothing certain."""

    charge: Charge | None = None
    refused: ChargeRefused | None = None
    unavailable: ProviderUnavailable | None = None
    reference: str | None = None
    is_absent: bool = False
    """The provider has no charge for the payment."""
    is_undone: bool = False
    """The charge shows that the operation had no effect, and its key is too old to be sent."""


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


async def refresh(till: Till, payment_id: UUID) -> None:
    """The payment says what its provider says at this moment."""

    async def nothing_more(_work: Work) -> None: ...

    async with till.database.read(_CASHIER) as work:
        known = await queries.payment(work, payment_id)
    if known is not None and known["provider_reference"] is not None:
        await follow(till, payment_id, known["provider_reference"], also=nothing_more)


async def follow(
    till: Till, payment_id: UUID, reference: str, *, also: Callable[[Work], Awaitable[None]]
) -> None:
    """The charge's present state is fetched and applied; `also` happens in the same transaction.

    The truth is read while nothing is locked, so somebody may write a younger one meanwhile: then
    ours may be old, and is fetched again. Raises `PaymentMovedOn` when that goes on and on.
    """
    for _ in range(_PATIENT_READS):
        async with till.database.read(_CASHIER) as work:
            before = await queries.payment(work, payment_id)
        if before is None:
            raise PaymentNotFound
        charge = await till.providers.get(before["provider"]).fetch(reference)
        async with till.recording() as work:
            payment = await queries.payment_for_update(work, payment_id)
            if payment is not None and payment.updated_at == before["updated_at"]:
                await service.apply(work, payment, charge)
                await also(work)
                return
    raise PaymentMovedOn


async def present_at_sandbox(till: Till, actor: Actor, payment_id: UUID, method: str) -> None:
    """The payer presented a method at the sandbox, and the payment says what came of it."""
    async with _at_sandbox(till, actor, payment_id) as (sandbox, reference):
        await sandbox.present_method(reference, method)


async def act_at_sandbox(till: Till, actor: Actor, payment_id: UUID, *, succeed: bool) -> None:
    """The payer passed or failed the sandbox's action, and the payment says what came of it."""
    async with _at_sandbox(till, actor, payment_id) as (sandbox, reference):
        await sandbox.complete_action(reference, succeed=succeed)


@asynccontextmanager
async def _at_sandbox(
    till: Till, actor: Actor, payment_id: UUID
) -> AsyncIterator[tuple[SandboxProvider, str]]:
    """The sandbox and the charge's name there, for the payer alone; a declined method is no error
    of the caller's. Raises PaymentNotFound, PaymentNotPending.
    """
    async with till.database.read(actor) as work:
        row = await queries.payment_of_payer(work, payment_id)
    if row is None:
        raise PaymentNotFound
    provider = till.providers.get(row["provider"])
    if not isinstance(provider, SandboxProvider) or row["provider_reference"] is None:
        raise PaymentNotPending
    try:
        yield provider, row["provider_reference"]
    except ChargeRefused as refused:
        if refused.charge is None:
            raise
    await refresh(till, payment_id)


async def ask(till: Till, lease: Lease) -> Answer:
    """The provider's answer to the operation. Nothing is written; nothing is raised but bugs."""
    try:
        provider = till.providers.get(lease.provider)
        async with asyncio.timeout(till.patience_seconds):
            try:
                if _needs_resolving(lease):
                    return await _resolve(till, provider, lease)
                return await _call(till, provider, lease)
            except ChargeStateConflict as conflict:
                return await _follow(till, provider, lease, conflict)
    except ChargeRefused as refused:
        return Answer(refused=refused)
    except ProviderUnavailable as unavailable:
        return Answer(unavailable=unavailable)
    except (TimeoutError, ProviderNotConfigured):
        # Keys that are missing may come back, like a provider that is slow.
        return Answer(unavailable=ProviderUnavailable("The payment provider did not answer."))


async def write_down(work: Work, lease: Lease, answer: Answer) -> None:
    """The outcome of an operation is in its row and, where it moved money, in the payment's."""
    if answer.charge is not None:
        await service.record(work, lease, answer.charge, reference=answer.reference)
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
    elif answer.is_undone or lease.kind in {"capture", "refund"}:
        await service.replace(work, lease, "no effect at the provider")
    else:
        await service.settle_absence(work, lease)


async def _call(till: Till, provider: PaymentProvider, lease: Lease) -> Answer:
    key = str(lease.operation_id)
    with _timed(lease):
        if lease.kind == "authorize":
            order = _order(lease)
            if lease.reference is not None and order.charge_reference is None:
                # A letter told us of the charge before this call's own answer did.
                return Answer(await provider.fetch(lease.reference))
            return Answer(await provider.authorize(order, idempotency_key=key))
        if lease.reference is None:
            return await _resolve(till, provider, lease)
        if lease.kind == "capture":
            charge = await provider.capture(lease.reference, lease.amount, idempotency_key=key)
            return Answer(charge)
        if lease.kind == "cancel":
            return Answer(await provider.cancel(lease.reference, idempotency_key=key))
        refund, charge = await provider.refund(lease.reference, lease.amount, idempotency_key=key)
        return Answer(charge, reference=refund.reference)


def _order(lease: Lease) -> AuthorizeOrder:
    return AuthorizeOrder(
        payment_id=str(lease.payment_id),
        amount=lease.amount,
        payment_method=lease.params.get("payment_method"),
        return_url=lease.params.get("return_url"),
        charge_reference=lease.params.get("charge_reference"),
        capture_now=lease.params.get("capture_now", False),
    )


def _needs_resolving(lease: Lease) -> bool:
    """Whether the key may no longer be sent: too old, answered by the same stored error, or about
    a charge that nobody wants any more.
    """
    return (
        not key_is_fresh(lease.first_sent_at, now=lease.now)
        or lease.same_error_count >= STORED_ERROR_LIMIT
        or (lease.kind == "authorize" and lease.is_forlorn)
    )


async def _resolve(till: Till, provider: PaymentProvider, lease: Lease) -> Answer:
    """Doubt is ended by reading: adopt what is there, or say that there is nothing."""
    charge = await _read(provider, lease)
    if charge is None:
        return Answer(is_absent=True)
    if await _is_done(till, lease, charge):
        return Answer(charge)
    if (lease.kind, charge.state) in _OUT_OF_REACH:
        return Answer(refused=ChargeStateConflict(reason="charge_moved_on", charge=charge))
    if lease.kind == "cancel" and key_is_fresh(lease.first_sent_at, now=lease.now):
        return Answer(
            await provider.cancel(charge.reference, idempotency_key=str(lease.operation_id))
        )
    return Answer(is_undone=True)


_OUT_OF_REACH = {("cancel", ChargeState.PAID), ("capture", ChargeState.CANCELLED)}


async def _follow(
    till: Till, provider: PaymentProvider, lease: Lease, conflict: ChargeStateConflict
) -> Answer:
    """The charge is elsewhere than we thought: follow it where our aim is met, else it is refused,
    with the truth beside the refusal.
    """
    charge = conflict.charge
    try:
        if charge is None:
            charge = await _read(provider, lease)
    except (ProviderUnavailable, ChargeRefused):
        return Answer(unavailable=ProviderUnavailable("The charge could not be read."))
    if charge is not None and await _is_done(till, lease, charge):
        return Answer(charge)
    conflict.charge = charge
    return Answer(refused=conflict)


async def _read(provider: PaymentProvider, lease: Lease) -> Charge | None:
    if lease.reference is not None:
        return await provider.fetch(lease.reference)
    sent = lease.first_sent_at or lease.now
    return await provider.find(str(lease.payment_id), created_after=sent - _SEARCH_BACK)


async def _is_done(till: Till, lease: Lease, charge: Charge) -> bool:
    """Whether the charge shows that this operation has had its effect."""
    if lease.kind == "authorize":
        return True
    if lease.kind == "capture":
        return charge.state is ChargeState.PAID
    if lease.kind == "cancel":
        return charge.state is ChargeState.CANCELLED
    # A charge does not say which refund it was: more has gone back than the others explain.
    async with till.database.read(_CASHIER) as work:
        others_minor = await queries.refunded_by_operations(work, lease.payment_id)
    return charge.refunded_minor >= others_minor + lease.amount.amount_minor


class _timed:  # noqa: N801 - reads as a verb where it is used
    """Measures a provider's call by its outcome."""

    def __init__(self, lease: Lease) -> None:
        self._labels = (lease.provider, lease.kind)

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        outcome = "ok" if kind is None else kind.__name__
        PROVIDER_SECONDS.labels(*self._labels, outcome).observe(time.perf_counter() - self._begun)
