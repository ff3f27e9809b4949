"""Use cases of bookings that end at a provider: decide and commit, call, record, answer.

Each is the same three steps. Where a step fails after the first commit, the operation's lease
lapses and the worker finishes it; the same Idempotency-Key then finds the effect.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import Response

from consulta.features.bookings import queries, schemas, service
from consulta.features.bookings.errors import BookingNotFound
from consulta.features.payments import flows as payments
from consulta.features.payments.flows import Answer, Till
from consulta.features.payments.queries import Lease, due_operations_leased
from consulta.features.payments.rules import LEASE_SECONDS
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.platform.http.answers import json_bytes
from consulta.platform.http.idempotency import Once
from consulta.platform.http.problems import problem
from consulta.providers.payments.port import ChargeRefused
from consulta.providers.payments.registry import ProviderNotConfigured


@dataclass(frozen=True, slots=True)
class Decided:
    """What the first transaction left: a booking, and perhaps a call that has to be made now."""

    booking_id: UUID
    lease: Lease | None


Decide = Callable[[Work], Awaitable[Decided]]


async def book(till: Till, actor: Actor, once: Once, body: schemas.BookingCreate) -> Response:
    """201 with the booking. A provider that is slow or down leaves the payment `pending`, and the
    worker finishes it; a declined method leaves it waiting for another.
    """

    async def decide(work: Work) -> Decided:
        order = service.Order(**body.model_dump())
        placed = await service.book(work, order, provider=till.providers.default.name)
        return Decided(placed.booking_id, placed.lease)

    return await _carry_out(till, actor, once, body, decide, status_code=201)


async def pay_again(
    till: Till, actor: Actor, once: Once, booking_id: UUID, body: schemas.PaymentAgain
) -> Response:
    """201 with the booking, whose payment has met another method."""

    async def decide(work: Work) -> Decided:
        lease = await service.pay_again(work, booking_id=booking_id, **body.model_dump())
        return Decided(booking_id, lease)

    return await _carry_out(till, actor, once, body, decide, status_code=201)


async def confirm(till: Till, actor: Actor, once: Once, booking_id: UUID) -> Response:
    """200 with the confirmed booking; 202 while it is in doubt whether the money was taken."""

    async def decide(work: Work) -> Decided:
        return Decided(booking_id, await service.confirm(work, booking_id=booking_id))

    return await _carry_out(till, actor, once, None, decide, status_code=200, refusal_is_ours=True)


async def cancel(
    till: Till, actor: Actor, once: Once, booking_id: UUID, body: schemas.BookingCancel
) -> Response:
    """200 with the cancelled booking; the money is on its way back, or will be."""

    async def decide(work: Work) -> Decided:
        lease = await service.cancel(work, booking_id=booking_id, **body.model_dump())
        return Decided(booking_id, lease)

    return await _carry_out(till, actor, once, body, decide, status_code=200)


async def decline(
    till: Till, actor: Actor, once: Once, booking_id: UUID, body: schemas.BookingDecline
) -> Response:
    """200 with the declined booking; what was reserved is released in full."""

    async def decide(work: Work) -> Decided:
        lease = await service.decline(work, booking_id=booking_id, **body.model_dump())
        return Decided(booking_id, lease)

    return await _carry_out(till, actor, once, body, decide, status_code=200)


async def _carry_out(
    till: Till,
    actor: Actor,
    once: Once,
    body: BaseModel | None,
    decide: Decide,
    *,
    status_code: int,
    refusal_is_ours: bool = False,
) -> Response:
    async with till.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
        if beginning.subject_id is not None:
            decided = Decided(beginning.subject_id, None)
        else:
            decided = await decide(work)
            if decided.lease is None:
                return await _answer(till, work, once, decided, actor, status_code)
            once.made(work, decided.booking_id)
    return await _call_and_answer(
        till, actor, once, decided, status_code, refusal_is_ours=refusal_is_ours
    )


async def _call_and_answer(
    till: Till,
    actor: Actor,
    once: Once,
    decided: Decided,
    status_code: int,
    *,
    refusal_is_ours: bool,
) -> Response:
    lease = decided.lease or await _unfinished(till, decided.booking_id)
    answer = await payments.ask(till, lease) if lease is not None else Answer()
    async with till.recording() as work:
        if lease is not None:
            await payments.write_down(work, lease, answer)
        refused = answer.refused
        if refused is None or not refusal_is_ours:
            return await _answer(till, work, once, decided, actor, status_code)
        # The specialist hears that nothing could be taken, and hears it again under this key.
        said = problem(ChargeRefused(reason=refused.reason))
        return once.finish(
            work,
            subject_id=decided.booking_id,
            status_code=said.status_code,
            answer=bytes(said.body),
        )


async def _unfinished(till: Till, booking_id: UUID) -> Lease | None:
    """What an earlier try with the same key left undone, if its lease has lapsed."""
    async with till.recording() as work:
        row = await queries.booking(work, booking_id)
        if row is None or row["payment_id"] is None:
            return None
        leases = await due_operations_leased(
            work, limit=1, lease_seconds=LEASE_SECONDS, payment_id=row["payment_id"]
        )
    return leases[0] if leases else None


async def _answer(
    till: Till, work: Work, once: Once, decided: Decided, actor: Actor, status_code: int
) -> Response:
    row = await queries.booking(work, decided.booking_id)
    if row is None:
        raise BookingNotFound
    out = schemas.booking_out(
        row,
        publishable_key=publishable_key(till, row["payment_provider"]),
        # The worker sees the payer's next action; whoever asks may be somebody else.
        with_action=actor.id == row["client_id"],
    )
    # A capture in doubt leaves the booking where it was: accepted, not done (D12).
    doubtful = status_code == 200 and row["status"] == "awaiting_confirmation"
    return once.finish(
        work,
        subject_id=decided.booking_id,
        status_code=202 if doubtful else status_code,
        answer=json_bytes(out),
    )


def publishable_key(till: Till, provider: str | None) -> str | None:
    """The key with which the payer's browser speaks to the account that is charged."""
    if provider is None:
        return None
    try:
        return till.providers.get(provider).publishable_key
    except ProviderNotConfigured:
        return None
