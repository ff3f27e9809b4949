"""The payer presents a method: another one after a decline, or the first where none came."""

from datetime import datetime
from typing import Any
from uuid import UUID

from consulta.features.payments.errors import PaymentOperationUnderWay
from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import LEASE_SECONDS
from consulta.features.payments.service.request import Asked
from consulta.kernel.money import Money
from consulta.platform.db.work import Work

_PRESENT = "SELECT id, fence, params FROM app.present_method($1, $2, $3)"


async def present_method(
    work: Work,
    *,
    payment_id: UUID,
    provider: str,
    account: str,
    reference: str | None,
    amount: Money,
    payment_method: str | None,
    return_url: str | None,
    now: datetime,
    capture_now: bool = False,
) -> Lease | None:
    """The method will be presented to the same charge, or a new one made where none exists; with a
    `return_url` alone the payer is shown the way to pay again. None where neither came and the
    charge simply goes on waiting.

    Raises `PaymentOperationUnderWay`, and what `app.present_method` refuses.
    """
    if payment_method is None and return_url is None and reference is not None:
        return None
    wanted: dict[str, Any] = {
        "payment_method": payment_method,
        "return_url": return_url,
        "charge_reference": reference,
        "capture_now": capture_now,
    }
    params = {key: value for key, value in wanted.items() if value}
    row = await work.fetchrow(_PRESENT, payment_id, params, LEASE_SECONDS)
    if row is None or row["id"] is None:
        raise PaymentOperationUnderWay
    work.audit("payment.method_presented", subject_type="payment", subject_id=payment_id)
    asked = Asked(row["id"], payment_id, row["fence"], amount.amount_minor)
    return asked.lease(
        kind="authorize",
        currency=amount.currency,
        provider=provider,
        account=account,
        reference=reference,
        now=now,
        params=row["params"],
    )
