"""Use cases of packages that end at a provider: each says what is decided and what is answered, and
leaves the rest to payments.
"""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from consulta.features.packages import queries, schemas, service
from consulta.features.packages.errors import PackagePurchaseNotFound
from consulta.features.payments import flows as payments
from consulta.features.payments.bodies import PaymentAgain
from consulta.features.payments.flows import Decided, Errand, Till
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.platform.http.idempotency import Once


async def buy(
    till: Till, actor: Actor, once: Once, package_id: UUID, body: schemas.PurchaseCreate
) -> Response:
    """201 with the purchase. A provider that is slow or down leaves the payment `pending`, and the
    worker finishes it; a declined method leaves it waiting for another.
    """

    async def decide(work: Work) -> Decided:
        bought = await service.buy(work, package_id=package_id, **body.model_dump())
        return Decided(bought.purchase_id, bought.lease)

    return await payments.carry_out(till, actor, once, body, _errand(till, actor, decide, 201))


async def pay_again(
    till: Till, actor: Actor, once: Once, purchase_id: UUID, body: PaymentAgain
) -> Response:
    """201 with the purchase, whose payment has met another method."""

    async def decide(work: Work) -> Decided:
        lease = await service.pay_again(work, purchase_id=purchase_id, **body.model_dump())
        return Decided(purchase_id, lease)

    return await payments.carry_out(till, actor, once, body, _errand(till, actor, decide, 201))


async def refund(till: Till, actor: Actor, once: Once, purchase_id: UUID) -> Response:
    """200 with the purchase; the money is on its way back, or will be."""

    async def decide(work: Work) -> Decided:
        return Decided(purchase_id, await service.refund(work, purchase_id=purchase_id))

    return await payments.carry_out(till, actor, once, None, _errand(till, actor, decide, 200))


def _errand(till: Till, actor: Actor, decide: Any, status_code: int) -> Errand:
    async def answer(work: Work, purchase_id: UUID) -> tuple[int, Any]:
        row = await queries.purchase(work, purchase_id)
        if row is None:
            raise PackagePurchaseNotFound
        return status_code, schemas.purchase_out(
            row,
            publishable_key=payments.publishable_key(till, row),
            # The worker sees the payer's next action; whoever asks may be somebody else.
            with_action=actor.id == row["client_id"],
        )

    return Errand(decide, _payment_of, answer)


async def _payment_of(work: Work, purchase_id: UUID) -> UUID | None:
    row = await queries.purchase(work, purchase_id)
    return row and row["payment_id"]
