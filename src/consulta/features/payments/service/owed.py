"""Refunds that are owed while the payer's bank decides a dispute: the money must not go back twice,
and what is owed is not forgotten.
"""

from uuid import UUID

from consulta.features.payments.queries import (
    Lease,
    LockedPayment,
    ended_refund,
    payment_for_update,
    waiting_refunds,
)
from consulta.features.payments.service.note import park_payment
from consulta.platform.db.work import Work

WAITS = "PAYMENT_DISPUTED"
NOT_OWED = "dispute_lost"
"""Why a refund came to nothing whose money the payer had through the bank."""

# Nobody has to wake it: it looks for itself, once a day.
_WAIT = """
UPDATE app.payment_operations
SET state = 'pending', last_error = $3, lease_until = NULL, attempts = 0, first_sent_at = NULL,
    next_attempt_at = app.now() + interval '1 day'
WHERE id = $1 AND fence = $2 AND lease_until IS NOT NULL
"""

_GO_ON = """
UPDATE app.payment_operations SET next_attempt_at = app.now()
WHERE payment_id = $1 AND kind = 'refund' AND state = 'pending'
"""

_END = """
UPDATE app.payment_operations
SET state = 'dead', last_error = $2, lease_until = NULL, fence = fence + 1
WHERE id = $1 AND fence = $3
"""

_REST = """
INSERT INTO app.payment_operations (payment_id, kind, amount_minor, params, replaces, requested_by)
SELECT payment_id, kind, $2, params, id, requested_by FROM app.payment_operations WHERE id = $1
"""


async def wait_for_bank(work: Work, lease: Lease) -> None:
    """The refund, which was not sent, waits for the bank's decision."""
    await work.execute(_WAIT, lease.operation_id, lease.fence, WAITS)


async def end_wait(
    work: Work, payment: LockedPayment, *, is_withheld: bool, lost_minor: int
) -> None:
    """Of what is owed, so much has reached the payer through the bank, and is not owed any more;
    the rest is sent as soon as the bank has decided everything. Where a bank takes back what it
    gave to the payer, what was not owed for that is for a person to look at.
    """
    for row in await waiting_refunds(work, payment.id) if lost_minor > 0 else ():
        covered_minor = min(lost_minor, row["amount_minor"])
        if covered_minor:
            lost_minor -= covered_minor
            rest_minor = row["amount_minor"] - covered_minor
            await _settle(work, payment, row["id"], row["fence"], rest_minor=rest_minor)
    settled = await ended_refund(work, payment.id, why=NOT_OWED) if lost_minor < 0 else None
    if settled is not None:
        facts = {"operation_id": str(settled), "error": NOT_OWED}
        await park_payment(work, payment_id=payment.id, reason="loss_reversed", facts=facts)
    if not is_withheld:
        await work.execute(_GO_ON, payment.id)


async def settle_not_owed(work: Work, lease: Lease) -> None:
    """The refund, which was not sent, is of more than the bank has left: at most that is sent. The
    bank's decision came when the refund was in somebody's hands.
    """
    payment = await payment_for_update(work, lease.payment_id)
    assert payment is not None, "an operation has a payment"
    left_minor = payment.captured_minor - payment.refunded_minor - payment.lost_minor
    rest_minor = min(max(left_minor, 0), lease.amount.amount_minor)
    await _settle(work, payment, lease.operation_id, lease.fence, rest_minor=rest_minor)


async def _settle(
    work: Work, payment: LockedPayment, operation_id: UUID, fence: int, *, rest_minor: int
) -> None:
    if not await work.execute(_END, operation_id, NOT_OWED, fence):
        return
    if rest_minor:
        await work.execute(_REST, operation_id, rest_minor)
    work.audit(
        "payment.refund_not_owed",
        subject_type="payment",
        subject_id=payment.id,
        new={"operation_id": operation_id, "rest_minor": rest_minor, "reason": NOT_OWED},
    )
