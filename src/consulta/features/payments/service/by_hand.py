"""Money that changes hands without a gateway: its specialist, or an admin, says that it did."""

from uuid import UUID

import asyncpg

from consulta.features.payments import access, queries
from consulta.features.payments.errors import PaymentNotFound
from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import LEASE_SECONDS
from consulta.features.payments.service.request import Asked
from consulta.platform.db.work import Work

_MARK_PAID = "SELECT id, payment_id, fence, amount_minor FROM app.mark_paid($1, $2, $3, $4)"
_MARK_RETURNED = "SELECT id, payment_id, fence, amount_minor FROM app.mark_returned($1, $2, $3, $4)"


async def mark_paid(
    work: Work,
    *,
    payment_id: UUID,
    amount_minor: int | None,
    note: str | None,
    reference: str | None,
) -> Lease:
    """All of the money was handed over: the leased operation, which writes that down, is the
    caller's to carry out. An amount is only there to be compared.

    Raises PaymentNotFound, Forbidden, PaymentNotByHand, PaymentNotPayable, PaymentAmountDiffers,
    PaymentOperationUnderWay.
    """
    payment = await _of_specialist(work, payment_id)
    said = {key: value for key, value in (("note", note), ("reference", reference)) if value}
    row = await work.fetchrow(_MARK_PAID, payment_id, amount_minor, said, LEASE_SECONDS)
    return await _leased(work, payment, row, kind="capture", action="marked_paid", said=said)


async def mark_returned(
    work: Work, *, payment_id: UUID, amount_minor: int | None, note: str | None
) -> Lease:
    """So much was given back; without an amount, what a cancellation left due, else all that is
    left. The leased operation is the caller's to carry out.

    Raises PaymentNotFound, Forbidden, PaymentNotByHand, PaymentNotRefundable, RefundNotDue,
    RefundExceedsCaptured.
    """
    payment = await _of_specialist(work, payment_id)
    said = {"note": note} if note else {}
    row = await work.fetchrow(_MARK_RETURNED, payment_id, amount_minor, note, LEASE_SECONDS)
    return await _leased(work, payment, row, kind="refund", action="marked_returned", said=said)


async def _of_specialist(work: Work, payment_id: UUID) -> asyncpg.Record:
    payment = await queries.payment(work, payment_id)
    if payment is None:
        raise PaymentNotFound
    access.ensure_may_settle_by_hand(work.actor, payment)
    return payment


async def _leased(
    work: Work,
    payment: asyncpg.Record,
    row: asyncpg.Record | None,
    *,
    kind: str,
    action: str,
    said: dict[str, str],
) -> Lease:
    assert row is not None
    work.audit(
        f"payment.{action}",
        subject_type="payment",
        subject_id=row["payment_id"],
        new={"amount_minor": row["amount_minor"], "operation_id": row["id"], **said},
    )
    asked = Asked(row["id"], row["payment_id"], row["fence"], row["amount_minor"])
    return asked.lease(
        kind=kind,
        currency=payment["currency"],
        provider=payment["provider"],
        account=payment["account"],
        reference=payment["provider_reference"],
        now=await work.now(),
    )
