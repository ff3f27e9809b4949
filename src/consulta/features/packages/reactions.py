"""What packages does about facts from payments. Reactions run inside the transaction that locked
calendar, purchase and payment, as the service itself.
"""

from consulta.features.packages import service
from consulta.features.packages.queries import LockedPurchase, purchase_for_update
from consulta.features.packages.states import change_status
from consulta.features.packages.status import PurchaseStatus
from consulta.features.payments import service as payments
from consulta.features.payments.events import (
    PaymentFact,
    PaymentReleased,
    PaymentReturned,
    PaymentTaken,
)
from consulta.platform.db.work import Work


async def activate_when_taken(work: Work, fact: PaymentTaken) -> None:
    """The money was taken: the credits are there. What was cancelled meanwhile gets it back."""
    purchase = await _purchase(work, fact)
    if purchase is None:
        return
    if purchase.status is PurchaseStatus.PENDING_PAYMENT:
        await service.activate(work, purchase)
    elif purchase.status is PurchaseStatus.CANCELLED and purchase.payment is not None:
        # Somebody may have returned a part, or all, at the provider's own desk meanwhile.
        left = purchase.payment.captured - purchase.payment.returned
        if left:
            await payments.request_operation(
                work,
                payment_id=fact.payment_id,
                kind="refund",
                amount_minor=left.amount_minor,
                leased=False,
                waits=True,
            )


async def cancel_when_released(work: Work, fact: PaymentReleased) -> None:
    """The attempt to pay was given up: what still waited for the money is over."""
    purchase = await _purchase(work, fact)
    if purchase is not None and purchase.status is PurchaseStatus.PENDING_PAYMENT:
        await change_status(work, purchase, PurchaseStatus.CANCELLED)


async def take_back_when_returned(work: Work, fact: PaymentReturned) -> None:
    """All the money went back, at the provider's own desk perhaps: no credit is left."""
    purchase = await _purchase(work, fact) if fact.in_full else None
    if purchase is not None and purchase.status is PurchaseStatus.ACTIVE:
        await service.take_back(work, purchase)


async def _purchase(work: Work, fact: PaymentFact) -> LockedPurchase | None:
    """The purchase that the payment is for; None where it is for something else."""
    if fact.purchase_id is None:
        return None
    return await purchase_for_update(work, fact.purchase_id)
