"""What was parked is tried anew at somebody's wish: a difference looked at again, a dead operation
replaced where that is safe.
"""

from typing import Any
from uuid import UUID

import asyncpg
from starlette.responses import Response

from consulta.features.payments import flows as payments
from consulta.features.payments.flows import Decided, Errand, Till
from consulta.features.payments.queries import payment_of_operation
from consulta.features.reconciliation import queries, schemas, service
from consulta.features.reconciliation.errors import (
    FindingNotFound,
    FindingSettled,
    OperationNotFound,
)
from consulta.features.reconciliation.flows.compare import Account, examine
from consulta.features.reconciliation.rules import Remedy
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.platform.http.idempotency import Once
from consulta.providers.payments.port import Charge, ChargeRefused


async def look_again(till: Till, actor: Actor, finding_id: UUID) -> asyncpg.Record:
    """The difference has been looked at anew: it is mended or gone, and the finding done; or it is
    still there, and so is the finding. Raises FindingNotFound, FindingSettled, and
    `ProviderUnavailable`.
    """
    async with till.database.work(actor) as work:
        found = await queries.finding(work, finding_id)
        if found is None:
            raise FindingNotFound
        if found["state"] != "open":
            raise FindingSettled
        work.audit(
            "reconciliation.finding_replayed",
            subject_type="reconciliation_finding",
            subject_id=finding_id,
        )
    if await _is_gone(till, found):
        async with till.database.work(actor) as work:
            await service.settle(work, finding_id=finding_id, state="done", note=None)
    async with till.database.read(actor) as work:
        after = await queries.finding(work, finding_id)
    assert after is not None, "findings stay"
    return after


async def _is_gone(till: Till, found: asyncpg.Record) -> bool:
    """Whether nothing differs any more. What died as an operation is replayed as one."""
    account = Account(found["provider"], found["account"])
    charge = await _charge(till, account, found)
    if charge is None or "operation_id" in found["facts"]:
        return False
    return await examine(till, account, charge) is not Remedy.PARK


async def _charge(till: Till, account: Account, found: asyncpg.Record) -> Charge | None:
    async with till.providers.of(account.provider, account.name) as provider:
        try:
            return await provider.fetch(found["charge_reference"])
        except ChargeRefused:
            return None


async def replay_operation(till: Till, actor: Actor, once: Once, operation_id: UUID) -> Response:
    """201 with the operation that takes the dead one's place, carried out as far as may be.

    The charge is read first, so that nothing is done twice that had happened after all. Raises
    what `service.replay_operation` raises, and `ProviderUnavailable`.
    """
    async with till.looking() as work:
        payment_id = await payment_of_operation(work, operation_id)
    if payment_id is None:
        raise OperationNotFound
    await payments.refresh(till, payment_id)

    async def decide(work: Work) -> Decided:
        lease = await service.replay_operation(work, operation_id=operation_id)
        return Decided(lease.operation_id, lease)

    async def answer(work: Work, made_id: UUID) -> tuple[int, Any]:
        made = await queries.operation(work, made_id)
        assert made is not None, "operations stay"
        return 201, schemas.operation_out(made)

    errand = Errand(decide, payment_of_operation, answer)
    return await payments.carry_out(till, actor, once, None, errand)
