"""What became of a payer's complaint at the bank."""

from typing import Any

from consulta.features.payments.events import PaymentDisputed
from consulta.features.payments.queries import LockedPayment
from consulta.features.payments.rules import dispute_now
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Charge, Dispute

_WRITE = """
UPDATE app.payments
SET dispute_reference = nullif($2, ''), dispute_status = $3, dispute_reason = $4,
    dispute_minor = $5, is_disputed = $6
WHERE id = $1
"""


async def note_dispute(work: Work, payment: LockedPayment, charge: Charge) -> None:
    """The payment, which the caller has locked, says how its dispute stands, the ledger has
    followed the money, and whoever listens hears of a dispute that begins or ends: once, in
    whatever order the letters come.
    """
    before, now = payment.dispute, dispute_now(payment.dispute, charge)
    if now is None or now == before:
        return
    amount_minor = now.amount.amount_minor if now.amount is not None else None
    said = (now.reference, now.state, now.reason, amount_minor, now.stands)
    await work.execute(_WRITE, payment.id, *said)
    topic = _topic(before, now)
    work.audit(
        topic or "payment.dispute_changed",
        subject_type="payment",
        subject_id=payment.id,
        old=_told(before),
        new=_told(now),
    )
    if topic is not None:
        work.send(topic, payment.ids)
    if topic == _BEGUN:
        fact = PaymentDisputed(payment.id, payment.booking_id, payment.purchase_id)
        await work.announce(fact)


_BEGUN, _ENDED = "payment.disputed", "payment.dispute_closed"


def _topic(before: Dispute | None, now: Dispute) -> str | None:
    if now.stands:
        return None if before is not None and before.stands else _BEGUN
    return None if before is not None and before.state is now.state else _ENDED


def _told(dispute: Dispute | None) -> dict[str, Any] | None:
    if dispute is None:
        return None
    amount_minor = dispute.amount.amount_minor if dispute.amount is not None else None
    return {"status": dispute.state, "reason": dispute.reason, "amount_minor": amount_minor}
