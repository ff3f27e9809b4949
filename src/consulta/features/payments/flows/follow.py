"""Reading the provider's truth: after a letter, at somebody's wish, or after the sandbox's payer
did something.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from consulta.features.payments import queries, service
from consulta.features.payments.errors import (
    PaymentMovedOn,
    PaymentNotFound,
    PaymentNotPending,
)
from consulta.features.payments.flows.till import Till
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.providers.payments.port import ChargeRefused
from consulta.providers.payments.sandbox import SandboxProvider

_PATIENT_READS = 4


async def refresh(till: Till, payment_id: UUID) -> None:
    """The payment says what its provider says at this moment."""

    async def nothing_more(_work: Work) -> None: ...

    async with till.looking() as work:
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
        async with till.looking() as work:
            before = await queries.payment(work, payment_id)
        if before is None:
            raise PaymentNotFound
        async with till.providers.of(before["provider"], before["account"]) as provider:
            charge = await provider.fetch(reference)
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
    if row["provider"] != SandboxProvider.name or row["provider_reference"] is None:
        raise PaymentNotPending
    provider = till.providers.get(SandboxProvider.name)
    assert isinstance(provider, SandboxProvider)
    try:
        yield provider, row["provider_reference"]
    except ChargeRefused as refused:
        if refused.charge is None:
            raise
    await refresh(till, payment_id)
