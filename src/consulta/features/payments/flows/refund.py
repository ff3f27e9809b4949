"""Returning money that was taken: decide and commit, call, record, answer."""

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


async def refund(
    till: Till, actor: Actor, once: Once, payment_id: UUID, body: schemas.RefundCreate
) -> Response:
    """201 with the refund: `pending` while it is in doubt, `failed` where the provider refused."""

    async def decide(work: Work) -> Decided:
        lease = await service.refund(work, payment_id=payment_id, **body.model_dump())
        return Decided(lease.operation_id, lease)

    async def answer(work: Work, operation_id: UUID) -> tuple[int, Any]:
        rows = await queries.refunds_of(work, payment_id)
        payment = await queries.payment(work, payment_id)
        made = next((row for row in rows if row["id"] == operation_id), None)
        if made is None or payment is None:
            raise PaymentNotFound
        shown = schemas.payment_out(payment, with_action=False)
        return 201, {**schemas.refund_out(made), "payment": shown}

    errand = Errand(decide, queries.payment_of_operation, answer)
    return await carry_out(till, actor, once, body, errand)
