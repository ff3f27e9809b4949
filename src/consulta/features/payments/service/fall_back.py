"""Taking over refunds that were accepted, and that the payer's bank sent back later."""

from dataclasses import replace

from consulta.features.payments import queries
from consulta.features.payments.queries import LockedPayment
from consulta.features.payments.rules import fresh_failures, returned_now
from consulta.features.payments.service.note import park_payment
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Charge, Refund

# One of ours that is done without a name was seen by its amount alone: it may have been this one.
# Whoever waits for the answer of such an operation has lost its fence, and writes nothing.
_FALL = """
WITH known AS (
    SELECT o.id, o.state FROM app.payment_operations o
    WHERE o.payment_id = $1 AND o.kind = 'refund'
      AND (o.id::text = $2 OR o.provider_reference = $3
           OR o.provider_reference IS NULL AND o.state = 'done' AND o.amount_minor = $5)
    ORDER BY coalesce(o.id::text = $2, false) DESC, o.provider_reference IS NOT NULL DESC, o.id
    LIMIT 1
)
UPDATE app.payment_operations o
SET state = 'dead', last_error = $4, provider_reference = $3, lease_until = NULL,
    fence = o.fence + 1
FROM known WHERE o.id = known.id
RETURNING o.id, known.state <> 'dead' AS is_new
"""

# What somebody had asked for at the provider's own desk, so that it is on record that it failed.
_RECORD = """
INSERT INTO app.payment_operations
    (payment_id, kind, amount_minor, state, provider_reference, last_error)
VALUES ($1, 'refund', $2, 'dead', $3, $4)
RETURNING id, true AS is_new
"""


async def take_over_failures(
    work: Work, payment: LockedPayment, charge: Charge
) -> tuple[Charge, bool]:
    """The charge as far as it is to be believed, and whether less of it went back than we thought.

    Each refund of the payment, which the caller has locked, that came back from the bank is dead
    with the reason from now on, and whoever is concerned has been told: once, however often and in
    whatever order it is heard.
    """
    if charge.refunded_minor == payment.refunded_minor and not fresh_failures(charge, known=()):
        return charge, False
    known = await queries.failed_refunds(work, payment.id)
    returned_minor = returned_now(payment.refunded_minor, charge, known=known)
    for refund in fresh_failures(charge, known=known):
        await _fall(work, payment, refund)
    # Less without an explanation is no truth of ours: whoever compares the books sees it.
    falls = returned_minor < payment.refunded_minor
    if returned_minor < charge.refunded_minor:
        charge = replace(charge, refunded_minor=returned_minor)
    return charge, falls


async def _fall(work: Work, payment: LockedPayment, refund: Refund) -> None:
    code = refund.error_code or "refund_failed"
    amount_minor = refund.amount.amount_minor
    known = (payment.id, refund.key, refund.reference, code, amount_minor)
    row = await work.fetchrow(_FALL, *known)
    if row is None:
        row = await work.fetchrow(_RECORD, payment.id, amount_minor, refund.reference, code)
    assert row is not None
    if not row["is_new"]:
        return  # It was refused, and that has been told.
    work.audit(
        "payment.refund_failed",
        subject_type="payment",
        subject_id=payment.id,
        new={"operation_id": row["id"], "reason": code},
        status="failure",
    )
    work.send("payment.refund_failed", {**payment.ids, "refund_id": row["id"]})
    # A charge has one open finding: it names all that came back, and not the last alone.
    failed = sorted(await queries.failed_refunds(work, payment.id))
    facts = {"operation_id": str(row["id"]), "error": code, "failed_refunds": failed}
    await park_payment(work, payment_id=payment.id, reason="refund_failed", facts=facts)
