"""Applying the provider's truth to a payment."""

from dataclasses import asdict
from typing import Any

from consulta.features.payments.errors import AmountMismatch
from consulta.features.payments.events import (
    PaymentAuthorized,
    PaymentReleased,
    PaymentReturned,
    PaymentTaken,
)
from consulta.features.payments.queries import LockedPayment
from consulta.features.payments.service.dispute import note_disputes
from consulta.features.payments.service.fall_back import take_over_failures
from consulta.features.payments.service.undo import undo
from consulta.features.payments.states import PaymentStatus, path, status_of, way_back
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Charge

_WRITE = """
WITH truth AS (
    UPDATE app.payments SET
        status = $2, provider_reference = $3, authorized_minor = $4,
        captured_minor = greatest(captured_minor, $5),
        refunded_minor = CASE WHEN $11 THEN $6 ELSE greatest(refunded_minor, $6) END,
        capture_before = coalesce($7, capture_before), last_error = $8
    WHERE id = $1
    RETURNING id, specialist_id, client_id
)
INSERT INTO app.payment_actions (payment_id, specialist_id, client_id, next_action)
SELECT id, specialist_id, client_id, $9 FROM truth
ON CONFLICT (payment_id) DO UPDATE SET next_action = excluded.next_action
    WHERE payment_actions.next_action IS DISTINCT FROM excluded.next_action
      AND NOT ($10 AND excluded.next_action IS NULL)
"""


# Nothing is sent once more by itself: that a person decides.
_WRITE_RETURNED = "UPDATE app.payments SET refunded_minor = $2 WHERE id = $1"


async def apply(work: Work, payment: LockedPayment, charge: Charge) -> PaymentStatus:
    """The payment, which the caller has locked, says what the charge says, and whoever sells
    something has heard of it.

    A truth that no move leads to (a letter about a payment that we have given up) changes nothing
    here; but what was reserved or taken after we had given up is sent back. Money that the payer's
    bank sent back leads back, and nobody who sold something hears of it: it is owed as before.
    Raises `AmountMismatch` where the charge is not about our amount: such a thing is never applied.
    """
    if charge.amount != payment.amount:
        raise AmountMismatch
    charge, falls = await take_over_failures(work, payment, charge)
    if falls and payment.status in _GIVEN_UP:
        await work.execute(_WRITE_RETURNED, payment.id, charge.refunded_minor)
        await note_disputes(work, payment, charge)
        return payment.status
    steps = (way_back if falls else path)(payment.status, status_of(charge))
    if steps is None:
        work.audit(
            "payment.truth_ignored",
            subject_type="payment",
            subject_id=payment.id,
            old={"status": payment.status},
            new={"status": status_of(charge)},
            status="failure",
        )
        if payment.status in _GIVEN_UP:
            await undo(work, payment, charge)
        await note_disputes(work, payment, charge)
        return payment.status
    for step in steps or [payment.status]:
        await _write(work, payment, charge, step, falls=falls)
    if steps:
        work.audit(
            "payment.moved",
            subject_type="payment",
            subject_id=payment.id,
            old={"status": payment.status},
            new={"status": steps[-1]},
        )
    await note_disputes(work, payment, charge)
    if not falls:
        await _announce(work, payment, charge, steps)
    return steps[-1] if steps else payment.status


async def give_up(work: Work, payment: LockedPayment) -> None:
    """No charge ever came to be at the provider: the payment is cancelled, and said to be."""
    steps = path(payment.status, PaymentStatus.CANCELLED)
    if not steps:
        return
    await _write_status(work, payment, PaymentStatus.CANCELLED)
    await work.announce(PaymentReleased(payment.id, payment.booking_id, payment.purchase_id))


async def _write(
    work: Work, payment: LockedPayment, charge: Charge, status: PaymentStatus, *, falls: bool
) -> None:
    action = action_of(charge) if status in _WAITING else None
    # An intermediate step towards "returned" is a payment that was taken and not yet returned.
    refunded = 0 if status is PaymentStatus.PAID else charge.refunded_minor
    await work.execute(
        _WRITE,
        payment.id,
        status,
        charge.reference,
        charge.authorized_minor,
        charge.captured_minor,
        refunded,
        charge.capture_before,
        charge.error_code,
        action,
        status in _PAYER_ACTS,
        falls,
    )


def action_of(charge: Charge) -> dict[str, Any] | None:
    """What the payer's browser has to do next, as it is kept for the payer alone."""
    if charge.next_action is None:
        return None
    return {key: value for key, value in asdict(charge.next_action).items() if value}


async def _write_status(work: Work, payment: LockedPayment, status: PaymentStatus) -> None:
    await work.execute("UPDATE app.payments SET status = $2 WHERE id = $1", payment.id, status)


_GIVEN_UP = {PaymentStatus.CANCELLED, PaymentStatus.FAILED}
_PAYER_ACTS = {PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION}
# Not every provider repeats the way to its page: then the payer keeps the one that is known.
_WAITING = {*_PAYER_ACTS, PaymentStatus.PROCESSING}


async def _announce(
    work: Work, payment: LockedPayment, charge: Charge, steps: list[PaymentStatus]
) -> None:
    ids = (payment.id, payment.booking_id, payment.purchase_id)
    for step in steps:
        if step is PaymentStatus.AUTHORIZED:
            await work.announce(PaymentAuthorized(*ids, charge.capture_before))
        elif step is PaymentStatus.PAID:
            await work.announce(PaymentTaken(*ids, charge.captured_minor))
        elif step is PaymentStatus.CANCELLED:
            await work.announce(PaymentReleased(*ids))
        elif step in {PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED}:
            in_full = step is PaymentStatus.REFUNDED
            await work.announce(PaymentReturned(*ids, charge.refunded_minor, in_full))
