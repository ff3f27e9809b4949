"""What was handed over, or handed back, is said, written down and answered."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from starlette.responses import Response

from consulta.features.payments import queries, schemas, service
from consulta.features.payments.errors import PaymentNotFound
from consulta.features.payments.flows.errands import Decided, Errand, carry_out
from consulta.features.payments.flows.till import Till
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.platform.http.idempotency import Once


async def mark_paid(
    till: Till, actor: Actor, once: Once, payment_id: UUID, body: schemas.HandedOver
) -> Response:
    """200 with the payment, which is paid; what it was for goes on as after any other."""

    async def decide(work: Work) -> Decided:
        lease = await service.mark_paid(work, payment_id=payment_id, **body.model_dump())
        return Decided(payment_id, lease)

    return await carry_out(till, actor, once, body, _errand(decide))


async def mark_returned(
    till: Till, actor: Actor, once: Once, payment_id: UUID, body: schemas.HandedBack
) -> Response:
    """200 with the payment, of which so much more went back."""

    async def decide(work: Work) -> Decided:
        lease = await service.mark_returned(work, payment_id=payment_id, **body.model_dump())
        return Decided(payment_id, lease)

    return await carry_out(till, actor, once, body, _errand(decide))


def _errand(decide: Callable[[Work], Awaitable[Decided]]) -> Errand:
    async def answer(work: Work, payment_id: UUID) -> tuple[int, Any]:
        row = await queries.payment(work, payment_id)
        if row is None:
            raise PaymentNotFound
        return 200, schemas.payment_out(row, with_action=False)

    async def payment_of(_work: Work, payment_id: UUID) -> UUID:
        return payment_id

    return Errand(decide, payment_of, answer)
