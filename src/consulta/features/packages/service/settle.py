"""What the service does with a purchase: its money came, or did not, or its time is over."""

from uuid import UUID

from consulta.features.packages.queries import LockedPurchase, purchase_for_update
from consulta.features.packages.states import change_status
from consulta.features.packages.status import PurchaseStatus
from consulta.features.payments.queries import has_open_operation
from consulta.platform.db.work import Work

_WRITE = """
INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)
VALUES ($1, $2, $3, $4, $5)
"""


async def activate(work: Work, purchase: LockedPurchase) -> None:
    """The purchase, which the caller has locked, is paid for: valid, with all its credits."""
    await change_status(work, purchase, PurchaseStatus.ACTIVE)
    await _write(work, purchase, "granted", purchase.session_count)


async def cancel_unpaid(work: Work, *, purchase_id: UUID) -> bool:
    """True if the purchase was not paid in time and is now cancelled; its charge will be released,
    and what is taken all the same goes back. Waits for a capture in doubt.
    """
    purchase = await purchase_for_update(work, purchase_id)
    if purchase is None or purchase.status is not PurchaseStatus.PENDING_PAYMENT:
        return False
    if purchase.expires_at is None or purchase.expires_at > purchase.now:
        return False
    payment = purchase.payment
    # Money that was handed over may be about to be written down: that decides first.
    if payment is not None and await has_open_operation(work, payment.id, kind="capture"):
        return False
    await change_status(work, purchase, PurchaseStatus.CANCELLED)
    if payment is not None:
        await work.execute(
            "SELECT app.enqueue_operation($1, 'cancel', $2, NULL, 0)",
            payment.id,
            payment.amount.amount_minor,
        )
    return True


async def expire(work: Work, *, purchase_id: UUID) -> int:
    """How many credits were written off because the purchase is valid no more. It has expired then,
    unless a session still has a credit of it, which may come back.
    """
    purchase = await purchase_for_update(work, purchase_id)
    if purchase is None or purchase.status is not PurchaseStatus.ACTIVE:
        return 0
    if purchase.valid_until is None or purchase.valid_until > purchase.now:
        return 0
    if purchase.credits_left:
        await _write(work, purchase, "expired", -purchase.credits_left)
    if not purchase.credits_reserved:
        await change_status(work, purchase, PurchaseStatus.EXPIRED)
    return purchase.credits_left


async def _write(work: Work, purchase: LockedPurchase, kind: str, change: int) -> None:
    await work.execute(
        _WRITE, purchase.id, purchase.specialist_id, purchase.client_id, kind, change
    )
    work.audit(
        f"package.credits_{kind}",
        subject_type="package_purchase",
        subject_id=purchase.id,
        new={"credits": change},
    )
