"""Use cases of higher rooms that end at a provider: what they share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import Response

from consulta.features.payments import queries
from consulta.features.payments.flows.answer import Answer
from consulta.features.payments.flows.calls import ask, write_down
from consulta.features.payments.flows.till import Till
from consulta.features.payments.queries import Lease
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
    """What a first transaction left: a thing with its payment, and perhaps a call to make now."""

    subject_id: UUID
    lease: Lease | None


@dataclass(frozen=True, slots=True)
class Errand:
    """A use case that ends at a provider, as `carry_out` carries it out."""

    decide: Callable[[Work], Awaitable[Decided]]
    payment_of: Callable[[Work, UUID], Awaitable[UUID | None]]
    """The payment of what was made, for a second try that finds the effect."""
    answer: Callable[[Work, UUID], Awaitable[tuple[int, Any]]]
    """Status and body, read after the record; as the worker, who sees more than the caller may."""
    refusal_is_ours: bool = False
    """Whether the provider's refusal is the answer, instead of something the payment tells."""


async def carry_out(
    till: Till, actor: Actor, once: Once, body: BaseModel | None, errand: Errand
) -> Response:
    """Decided and committed, called, recorded, answered (D6). Where a step fails after the first
    commit, the operation's lease lapses and the worker finishes it; the same Idempotency-Key then
    finds the effect.
    """
    async with till.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
        if beginning.subject_id is not None:
            decided = Decided(beginning.subject_id, None)
        else:
            decided = await errand.decide(work)
            if decided.lease is None:
                return await _finish(work, once, errand, decided.subject_id)
            once.made(work, decided.subject_id)
    lease = decided.lease or await _unfinished(till, errand, decided.subject_id)
    answer = await ask(till, lease) if lease is not None else Answer()
    async with till.recording() as work:
        if lease is not None:
            await write_down(work, lease, answer)
        if answer.refused is None or not errand.refusal_is_ours:
            return await _finish(work, once, errand, decided.subject_id)
        # Whoever asked hears that no money moved, and hears it again under this key.
        said = problem(ChargeRefused(reason=answer.refused.reason))
        return once.finish(
            work,
            subject_id=decided.subject_id,
            status_code=said.status_code,
            answer=bytes(said.body),
        )


async def _finish(work: Work, once: Once, errand: Errand, subject_id: UUID) -> Response:
    status_code, body = await errand.answer(work, subject_id)
    return once.finish(
        work, subject_id=subject_id, status_code=status_code, answer=json_bytes(body)
    )


async def _unfinished(till: Till, errand: Errand, subject_id: UUID) -> Lease | None:
    """What an earlier try with the same key left undone, if its lease has lapsed."""
    async with till.recording() as work:
        payment_id = await errand.payment_of(work, subject_id)
        if payment_id is None:
            return None
        leases = await queries.due_operations_leased(
            work, limit=1, lease_seconds=LEASE_SECONDS, payment_id=payment_id
        )
    return leases[0] if leases else None


def publishable_key(till: Till, row: Mapping[str, Any]) -> str | None:
    """The key with which the payer's browser speaks to the account that is charged, from the
    columns `payment_provider` and, for a specialist's own account, `payment_account_key`.
    """
    own: str | None = row["payment_account_key"]
    if row["payment_provider"] is None or own is not None:
        return own
    try:
        return till.providers.get(row["payment_provider"]).publishable_key
    except ProviderNotConfigured:
        return None
