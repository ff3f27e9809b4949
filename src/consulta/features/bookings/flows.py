"""Use cases of bookings that end at a provider: each says what is decided and what is answered,
and leaves the rest to payments.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import Response

from consulta.features.bookings import queries, schemas, service
from consulta.features.bookings.errors import AlreadyCancelled, BookingNotFound
from consulta.features.bookings.rules import LOOKUPS_PER_MINUTE
from consulta.features.payments import flows as payments
from consulta.features.payments.bodies import PaymentAgain
from consulta.features.payments.flows import Decided, Errand, Till
from consulta.features.payments.queries import Lease
from consulta.kernel.actor import Actor
from consulta.kernel.errors import DomainError
from consulta.kernel.money import Money
from consulta.platform.auth.turns import Turn, take_turns
from consulta.platform.db.work import Database, Work
from consulta.platform.http.answers import json_bytes
from consulta.platform.http.idempotency import Once
from consulta.platform.http.schema import MoneyOut
from consulta.platform.signing import Signer

Decide = Callable[[Work], Awaitable[Decided]]

_CALLS_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Lookups:
    """On whose behalf clients are looked up by address, and under which secret that is counted."""

    database: Database
    actor: Actor
    secret: bytes

    async def count(self) -> None:
        """One more address was asked about; an attempt that is refused must count, so its count
        commits by itself. Raises `RateLimited`.
        """
        async with self.database.work(self.actor) as work:
            turn = Turn("client-lookup", str(self.actor.id), LOOKUPS_PER_MINUTE)
            await take_turns(work, turn, secret=self.secret)


async def book(till: Till, actor: Actor, once: Once, body: schemas.BookingCreate) -> Response:
    """201 with the booking. A provider that is slow or down leaves the payment `pending`, and the
    worker finishes it; a declined method leaves it waiting for another.
    """

    async def decide(work: Work) -> Decided:
        order = service.Order(**body.model_dump())
        placed = await service.book(work, order)
        return Decided(placed.booking_id, placed.lease)

    return await _carry_out(till, actor, once, body, decide, status_code=201)


async def pay_again(
    till: Till, actor: Actor, once: Once, booking_id: UUID, body: PaymentAgain
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
    till: Till,
    actor: Actor,
    once: Once,
    booking_id: UUID,
    body: schemas.BookingCancel,
    *,
    quotes: Signer,
) -> Response:
    """200 with the cancelled booking; the money is on its way back, or will be."""
    quote = service.QuoteShown(body.quote_token, quotes) if body.quote_token is not None else None
    said = body.model_dump(exclude={"quote_token"})

    async def decide(work: Work) -> Decided:
        lease = await service.cancel(work, booking_id=booking_id, quote=quote, **said)
        return Decided(booking_id, lease)

    return await _carry_out(till, actor, once, body, decide, status_code=200)


async def cancel_and_tell(
    till: Till,
    actor: Actor,
    once: Once,
    booking_id: UUID,
    *,
    reason: str,
    tell: Callable[[Money], Any],
) -> Response:
    """200 with what `tell` makes of the money that goes back, for callers with older words."""

    async def decide(work: Work) -> Decided:
        lease = await service.cancel(work, booking_id=booking_id, reason=reason, reason_code=None)
        return Decided(booking_id, lease)

    async def answer(work: Work, cancelled_id: UUID) -> tuple[int, Any]:
        return 200, tell(await queries.refund_of_cancellation(work, cancelled_id))

    return await payments.carry_out(till, actor, once, None, Errand(decide, _payment_of, answer))


async def decline(
    till: Till, actor: Actor, once: Once, booking_id: UUID, body: schemas.BookingDecline
) -> Response:
    """200 with the declined booking; what was reserved is released in full."""

    async def decide(work: Work) -> Decided:
        lease = await service.decline(work, booking_id=booking_id, **body.model_dump())
        return Decided(booking_id, lease)

    return await _carry_out(till, actor, once, body, decide, status_code=200)


async def bulk_cancel(till: Till, actor: Actor, once: Once, body: schemas.BulkCancel) -> Response:
    """200 with what came of each booking: every one is cancelled by itself, in full favour of its
    client, and none stands in another's way. The money follows; what is not on its way back when
    this is answered, the worker sends.

    After a crash the same key finds what had been done, and does the rest.
    """
    async with till.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
    outcomes, leases = [], []
    for booking_id in dict.fromkeys(body.booking_ids):
        try:
            async with till.database.work(actor) as work:
                lease = await service.call_off(
                    work, booking_id=booking_id, reason=body.reason, reason_code=body.reason_code
                )
                outcomes.append(await _cancelled(work, booking_id))
        except AlreadyCancelled as refused:
            outcomes.append(
                await _cancelled_before(till, actor, booking_id, resumed=beginning.resumed)
                or _failed(schemas.CancelledOut, booking_id, refused)
            )
        except DomainError as refused:
            outcomes.append(_failed(schemas.CancelledOut, booking_id, refused))
        else:
            leases += [lease] if lease is not None else []
    await _perform_all(till, leases)
    return await _finish(till, actor, once, outcomes)


async def bulk_propose(till: Till, actor: Actor, once: Once, body: schemas.BulkPropose) -> Response:
    """200 with what came of each proposal; each is made by itself."""
    async with till.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
    outcomes = []
    for item in body.items:
        try:
            async with till.database.work(actor) as work:
                made = await service.propose(work, **item.model_dump())
        except DomainError as refused:
            outcomes.append(_failed(schemas.ProposedOut, item.booking_id, refused))
        else:
            proposal = schemas.ProposalOut.model_validate(made)
            done = schemas.ProposedOut(
                booking_id=item.booking_id, status="proposed", proposal=proposal
            )
            outcomes.append(done.model_dump())
    return await _finish(till, actor, once, outcomes)


async def _cancelled(work: Work, booking_id: UUID) -> dict[str, Any]:
    record = await queries.cancellation_of(work, booking_id)
    assert record is not None, "a cancelled booking has its record"
    refund = MoneyOut(amount_minor=record["refund_minor"], currency=record["currency"])
    done = schemas.CancelledOut(booking_id=booking_id, status="cancelled", refund=refund)
    return done.model_dump()


async def _cancelled_before(
    till: Till, actor: Actor, booking_id: UUID, *, resumed: bool
) -> dict[str, Any] | None:
    """What an earlier try with the same key did; None if it was not that."""
    if not resumed:
        return None
    async with till.database.read(actor) as work:
        record = await queries.cancellation_of(work, booking_id)
        if record is None or record["cancelled_by"] != actor.id:
            return None
        return await _cancelled(work, booking_id)


def _failed(
    kind: type[schemas.CancelledOut | schemas.ProposedOut], booking_id: UUID, refused: DomainError
) -> dict[str, Any]:
    failed = kind(booking_id=booking_id, status="failed", code=refused.code, detail=refused.detail)
    return failed.model_dump()


async def _perform_all(till: Till, leases: Sequence[Lease]) -> None:
    """A few at a time, so that one answer does not take all connections."""
    for first in range(0, len(leases), _CALLS_AT_ONCE):
        group = leases[first : first + _CALLS_AT_ONCE]
        await asyncio.gather(*(payments.perform(till, lease) for lease in group))


async def _finish(
    till: Till, actor: Actor, once: Once, outcomes: Sequence[dict[str, Any]]
) -> Response:
    async with till.database.work(actor) as work:
        answer = json_bytes({"items": outcomes})
        return once.finish(work, subject_id=None, status_code=200, answer=answer)


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
    async def answer(work: Work, booking_id: UUID) -> tuple[int, Any]:
        row = await queries.booking(work, booking_id)
        if row is None:
            raise BookingNotFound
        out = schemas.booking_out(
            row,
            publishable_key=payments.publishable_key(till, row),
            # The worker sees the payer's next action; whoever asks may be somebody else.
            with_action=actor.id == row["client_id"],
        )
        # A capture in doubt leaves the booking where it was: accepted, not done (D12).
        doubtful = status_code == 200 and row["status"] == "awaiting_confirmation"
        return (202 if doubtful else status_code), out

    errand = Errand(decide, _payment_of, answer, refusal_is_ours=refusal_is_ours)
    return await payments.carry_out(till, actor, once, body, errand)


async def _payment_of(work: Work, booking_id: UUID) -> UUID | None:
    row = await queries.booking(work, booking_id)
    return row and row["payment_id"]
