"""Giving back what was not used of a package."""

from dataclasses import dataclass
from uuid import UUID

from consulta.features.packages import rules
from consulta.features.packages.access import ensure_may_refund
from consulta.features.packages.errors import NothingToRefund, PackagePurchaseNotFound
from consulta.features.packages.queries import LockedPurchase, purchase_facts, purchase_for_update
from consulta.features.packages.states import tell_moved
from consulta.features.packages.status import PurchaseStatus
from consulta.features.payments import service as payments
from consulta.features.payments.queries import Lease
from consulta.kernel.money import Money
from consulta.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class Rest:
    """What is not used of a purchase: credits and their worth."""

    credits: int
    price_per_session: Money
    amount: Money


async def quote(work: Work, *, purchase_id: UUID) -> Rest:
    """What a refund would return at this moment. Raises PackagePurchaseNotFound."""
    purchase = await purchase_facts(work, purchase_id)
    if purchase is None:
        raise PackagePurchaseNotFound
    return _rest(purchase)


async def refund(work: Work, *, purchase_id: UUID) -> Lease | None:
    """The unused credits are gone, and their worth is about to be returned: the leased operation is
    the caller's to carry out. The purchase is refunded, unless a session still has a credit of it.

    Raises PackagePurchaseNotFound, Forbidden, NothingToRefund.
    """
    purchase = await purchase_for_update(work, purchase_id)
    if purchase is None:
        raise PackagePurchaseNotFound
    ensure_may_refund(work.actor, purchase)
    rest = _rest(purchase)
    if not rest.credits:
        raise NothingToRefund
    payment = purchase.payment
    if payment is None or not rest.amount:
        await take_back(work, purchase)
        return None
    asked = await payments.request_operation(
        work, payment_id=payment.id, kind="refund", amount_minor=rest.amount.amount_minor
    )
    await take_back(work, purchase)
    return asked.lease(
        kind="refund",
        currency=rest.amount.currency,
        provider=payment.provider,
        account=payment.account,
        reference=payment.reference,
        now=purchase.now,
    )


async def take_back(work: Work, purchase: LockedPurchase) -> None:
    """The unused credits of the purchase, which the caller has locked, are gone."""
    status = await work.fetchval("SELECT app.take_back_credits($1)", purchase.id)
    work.audit(
        "package.credits_refunded",
        subject_type="package_purchase",
        subject_id=purchase.id,
        new={"credits": -purchase.credits_left},
    )
    if status == PurchaseStatus.REFUNDED:
        tell_moved(work, purchase, PurchaseStatus.REFUNDED)


def _rest(purchase: LockedPurchase) -> Rest:
    unused = purchase.credits_left if purchase.status is PurchaseStatus.ACTIVE else 0
    payment = purchase.payment
    return Rest(
        unused,
        rules.price_per_session(purchase.price, session_count=purchase.session_count),
        rules.refund_due(
            purchase.price,
            session_count=purchase.session_count,
            unused=unused,
            credits_refunded=purchase.credits_refunded,
            kept=payment.captured - payment.returned
            if payment
            else Money.zero(purchase.price.currency),
        ),
    )
