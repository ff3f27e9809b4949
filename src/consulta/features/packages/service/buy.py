"""Buying a package: the purchase, its payment and the charge, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from consulta.features.packages.access import ensure_may_pay
from consulta.features.packages.errors import PackageNotUnpaid, PackagePurchaseNotFound
from consulta.features.packages.queries import purchase_for_update
from consulta.features.packages.rules import PAYMENT_WINDOW_MINUTES
from consulta.features.packages.status import PurchaseStatus
from consulta.features.payments import service as payments
from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import LEASE_SECONDS
from consulta.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase that exists once the transaction has committed, and the call that comes then."""

    purchase_id: UUID
    lease: Lease | None


async def buy(
    work: Work,
    *,
    package_id: UUID,
    payment_method: str | None,
    return_url: str | None,
) -> Bought:
    """The purchase and its payment exist, and the charge, which takes the money at once, is leased
    to the caller; what costs nothing is active with its credits.

    Who takes the money the specialist says, or else the house. Raises PackageNotFound,
    CannotBuyFromYourself, SpecialistNotFound, NotAccepting, RateNotFound.
    """
    params = {"payment_method": payment_method, "return_url": return_url}
    placed = await work.fetchval(
        "SELECT app.buy_package($1, $2, $3, $4)",
        package_id,
        {key: value for key, value in params.items() if value},
        PAYMENT_WINDOW_MINUTES,
        LEASE_SECONDS,
    )
    bought = placed["purchase"]
    purchase_id = UUID(bought["id"])
    ids = {
        "purchase_id": purchase_id,
        "specialist_id": bought["specialist_id"],
        "client_id": bought["client_id"],
    }
    work.audit(
        "package.purchased",
        subject_type="package_purchase",
        subject_id=purchase_id,
        new={name: bought[name] for name in ("package_id", "status", "price_minor", "currency")},
    )
    work.send("package.purchased", ids)
    if bought["status"] == PurchaseStatus.ACTIVE:
        work.send("package.activated", ids)
    return Bought(purchase_id, _lease(placed))


def _lease(placed: dict[str, Any]) -> Lease | None:
    if placed["operation_id"] is None:
        return None
    bought = placed["purchase"]
    asked = payments.Asked(
        UUID(placed["operation_id"]),
        UUID(placed["payment_id"]),
        placed["fence"],
        bought["price_minor"],
    )
    return asked.lease(
        kind="authorize",
        currency=bought["currency"],
        provider=placed["provider"],
        account=placed["account"],
        reference=None,
        now=datetime.fromisoformat(placed["now"]),
        params=placed["params"],
    )


async def pay_again(
    work: Work, *, purchase_id: UUID, payment_method: str | None, return_url: str | None
) -> Lease | None:
    """The method will be presented to the same charge, or a new one made where none exists; None
    where no method came and the charge simply goes on waiting.

    Raises PackagePurchaseNotFound, Forbidden, PackageNotUnpaid, PaymentOperationUnderWay.
    """
    purchase = await purchase_for_update(work, purchase_id)
    if purchase is None:
        raise PackagePurchaseNotFound
    ensure_may_pay(work.actor, purchase)
    payment = purchase.payment
    if purchase.status is not PurchaseStatus.PENDING_PAYMENT or payment is None:
        raise PackageNotUnpaid
    return await payments.present_method(
        work,
        payment_id=payment.id,
        provider=payment.provider,
        account=payment.account,
        reference=payment.reference,
        amount=payment.amount,
        payment_method=payment_method,
        return_url=return_url,
        now=purchase.now,
        capture_now=True,
    )
