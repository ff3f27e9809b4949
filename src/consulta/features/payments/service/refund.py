"""Returning money that was taken, by the specialist or an admin."""

from uuid import UUID

from consulta.features.payments import access, queries
from consulta.features.payments.errors import PaymentNotFound
from consulta.features.payments.queries import Lease
from consulta.features.payments.service.request import request_operation
from consulta.platform.db.work import Work


async def refund(
    work: Work, *, payment_id: UUID, amount_minor: int | None, reason: str | None
) -> Lease:
    """So much, or all that is left, is about to go back: the leased operation is the caller's to
    carry out. What cancellations promised counts, so that never more goes back than was taken.

    Raises PaymentNotFound, Forbidden, PaymentNotRefundable, RefundExceedsCaptured.
    """
    payment = await queries.payment(work, payment_id)
    if payment is None:
        raise PaymentNotFound
    access.ensure_may_refund(work.actor, payment)
    asked = await request_operation(
        work, payment_id=payment_id, kind="refund", amount_minor=amount_minor, reason=reason
    )
    return asked.lease(
        kind="refund",
        currency=payment["currency"],
        provider=payment["provider"],
        account=payment["account"],
        reference=payment["provider_reference"],
        now=await work.now(),
    )
