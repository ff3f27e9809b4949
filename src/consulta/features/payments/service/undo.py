"""Sending back what reached us after a payment had been given up."""

from consulta.features.payments.events import PaymentCameTooLate
from consulta.features.payments.queries import LockedPayment, failed_refunds, left_to_return
from consulta.features.payments.service.request import request_operation
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Charge, ChargeState

# A status does not come back, but sums tell what happened: the ledger follows them.
_WRITE_SUMS = """
UPDATE app.payments
SET provider_reference = coalesce(provider_reference, $2),
    captured_minor = greatest(captured_minor, $3), refunded_minor = greatest(refunded_minor, $4)
WHERE id = $1
  AND (provider_reference IS NULL OR captured_minor < $3 OR refunded_minor < $4)
"""

# A release that was done had nothing to release then. Its key may be known at the provider, with
# that answer: another one takes its place.
_RELEASE_AGAIN = """
WITH outdated AS (
    UPDATE app.payment_operations SET state = 'dead', last_error = 'reserved after the release'
    WHERE payment_id = $1 AND kind = 'cancel' AND state = 'done'
    RETURNING id
)
SELECT id FROM outdated
"""

_ENQUEUE = "SELECT (app.enqueue_operation($1, 'cancel', $2, NULL, 0)).id"
_REPLACES = "UPDATE app.payment_operations SET replaces = $2 WHERE id = $1"


async def undo(work: Work, payment: LockedPayment, charge: Charge) -> None:
    """What was reserved is about to be released, and what was taken to be returned, once; whoever
    sold something has heard of it. The payment stays given up.
    """
    if charge.state not in {ChargeState.AUTHORIZED, ChargeState.PAID}:
        return
    await work.execute(
        _WRITE_SUMS,
        payment.id,
        charge.reference,
        charge.captured_minor,
        charge.refunded_minor,
    )
    if charge.state is ChargeState.AUTHORIZED:
        is_new = await _release(work, payment)
    else:
        is_new = await _return_all(work, payment)
    if is_new:
        ids = (payment.id, payment.booking_id, payment.purchase_id)
        await work.announce(PaymentCameTooLate(*ids))


async def _release(work: Work, payment: LockedPayment) -> bool:
    outdated = await work.fetchval(_RELEASE_AGAIN, payment.id)
    # None comes of it where a release is under way already: that stays the only one.
    made = await work.fetchval(_ENQUEUE, payment.id, payment.amount.amount_minor)
    if made is not None and outdated is not None:
        await work.execute(_REPLACES, made, outdated)
    return made is not None


async def _return_all(work: Work, payment: LockedPayment) -> bool:
    # What came back from the payer's bank is for a person to send once more.
    if await left_to_return(work, payment.id) <= 0 or await failed_refunds(work, payment.id):
        return False
    await request_operation(
        work, payment_id=payment.id, kind="refund", amount_minor=None, leased=False, waits=True
    )
    return True
