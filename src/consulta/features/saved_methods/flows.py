"""Speaking to providers about saved methods: record - call - record (D6). No transaction is open
while we wait for one, and every step may run twice.
"""

import asyncio
import contextlib
from uuid import UUID

from starlette.responses import Response

from consulta.features.payments import flows as payments
from consulta.features.payments.flows import Till
from consulta.features.saved_methods import queries, schemas, service
from consulta.features.saved_methods.errors import SavedMethodNotFound, SavedMethodNotReady
from consulta.features.saved_methods.queries import Call
from consulta.features.saved_methods.rules import LEASE_SECONDS
from consulta.kernel.actor import Actor
from consulta.kernel.errors import Unavailable
from consulta.platform.db.work import Work
from consulta.platform.http.idempotency import Once
from consulta.providers.payments.port import ChargeRefused, ProviderUnavailable, Setup
from consulta.providers.payments.sandbox import SandboxProvider

__all__ = [
    "Till",
    "call_for",
    "carry_out",
    "charge",
    "due_calls",
    "look_again",
    "present_at_sandbox",
    "refresh",
    "save",
    "shown",
]


async def save(till: Till, actor: Actor, once: Once, body: schemas.SavedMethodCreate) -> Response:
    """201 with the method, which its client's browser has to finish. A provider that is slow or
    down leaves it `pending` without a next action, and the worker calls again.
    """
    async with till.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
        method_id = beginning.subject_id
        if method_id is None:
            method_id = await service.save(work, specialist_id=body.specialist_id)
            once.made(work, method_id)
    await call_for(till, method_id)
    async with till.database.work(actor) as work:
        answer = (await shown(till, work, method_id)).model_dump_json().encode()
        return once.finish(work, subject_id=method_id, status_code=201, answer=answer)


async def shown(till: Till, work: Work, method_id: UUID) -> schemas.SavedMethodOut:
    """The method as its reader may see it. Raises `SavedMethodNotFound`."""
    row = await queries.method(work, method_id)
    if row is None:
        raise SavedMethodNotFound
    key = payments.publishable_key(till, row)
    return schemas.saved_method_out(row, publishable_key=key)


async def call_for(till: Till, method_id: UUID) -> None:
    """The provider was asked about that method, if it had to be and nobody else does just now."""
    async with till.recording() as work:
        calls = await queries.calls_leased(
            work, limit=1, lease_seconds=LEASE_SECONDS, method_id=method_id
        )
    for call in calls:
        await carry_out(till, call)


async def due_calls(till: Till, *, limit: int) -> list[Call]:
    """Calls whose time has come, leased to us: `carry_out` them."""
    async with till.recording() as work:
        return await queries.calls_leased(work, limit=limit, lease_seconds=LEASE_SECONDS)


async def carry_out(till: Till, call: Call) -> None:
    """The provider has saved, or forgotten, the method, and that is written down; where it is in
    doubt, the same call will be made again.
    """
    try:
        async with (
            asyncio.timeout(till.patience_seconds),
            till.providers.of(call.provider, call.account) as provider,
        ):
            setup: Setup | None = None
            key = str(call.method_id)
            if not call.forgets:
                setup = await provider.save_method(key, idempotency_key=key)
            elif call.customer_reference is not None:
                await provider.forget_method(
                    call.customer_reference, idempotency_key=f"{key}-forget"
                )
    except ChargeRefused as refused:
        async with till.recording() as work:
            await service.refuse(work, call, refused.reason)
    except (TimeoutError, Unavailable) as error:
        # Keys that are missing may come back, like a provider that is slow.
        wait = error.retry_after_seconds if isinstance(error, ProviderUnavailable) else None
        async with till.recording() as work:
            await service.postpone(work, call, ProviderUnavailable.code, retry_after_seconds=wait)
    else:
        async with till.recording() as work:
            if setup is None:
                await service.forgotten(work, call)
            else:
                await service.settle(work, call.method_id, setup, fence=call.fence)


async def refresh(till: Till, method_id: UUID) -> None:
    """The method says what its provider says at this moment. Raises what reading raises."""
    async with till.looking() as work:
        known = await queries.method(work, method_id)
    if known is None or known["status"] not in _OPEN or known["setup_reference"] is None:
        return
    async with till.providers.of(known["payment_provider"], known["account"]) as provider:
        setup = await provider.fetch_setup(known["setup_reference"])
    async with till.recording() as work:
        await service.settle(work, method_id, setup, fence=None)


async def charge(till: Till, actor: Actor, payment_id: UUID) -> None:
    """The saved card of that payment is about to be charged, or its payer hears why not: only after
    the provider has said that the set-up is really not finished, since letters are lost.
    """
    async with till.looking() as work:
        unfinished = await queries.unfinished_method_of(work, payment_id)
    if unfinished is not None:
        with contextlib.suppress(ChargeRefused):  # Unknown there is not finished either.
            await refresh(till, unfinished)
    async with till.database.work(actor) as work:
        await service.charge(work, payment_id=payment_id)


async def look_again(till: Till, actor: Actor, method_id: UUID) -> schemas.SavedMethodOut:
    """What a client sees who comes back from the own bank, or for whom nothing had been begun yet.

    Raises SavedMethodNotFound, and `ProviderUnavailable` where nobody can say.
    """
    async with till.database.read(actor) as work:
        if await queries.method_of_client(work, method_id) is None:
            raise SavedMethodNotFound
    await call_for(till, method_id)
    await refresh(till, method_id)
    async with till.database.read(actor) as work:
        return await shown(till, work, method_id)


async def present_at_sandbox(
    till: Till, actor: Actor, method_id: UUID, card: str
) -> schemas.SavedMethodOut:
    """The client's browser presented a card at the sandbox, and the method says what came of it.

    Raises SavedMethodNotFound, SavedMethodNotReady, ChargeRefused.
    """
    async with till.database.read(actor) as work:
        row = await queries.method_of_client(work, method_id)
    if row is None:
        raise SavedMethodNotFound
    if row["payment_provider"] != SandboxProvider.name or row["setup_reference"] is None:
        raise SavedMethodNotReady
    sandbox = till.providers.get(SandboxProvider.name)
    assert isinstance(sandbox, SandboxProvider)
    await sandbox.present_to_save(row["setup_reference"], card)
    return await look_again(till, actor, method_id)


_OPEN = ("pending", "failed")
