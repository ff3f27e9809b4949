"""What became of a payer's complaints at the bank."""

from typing import Any

from consulta.features.payments.events import PaymentDisputed
from consulta.features.payments.queries import LockedPayment
from consulta.features.payments.rules import contested, disputes_now
from consulta.features.payments.service.owed import end_wait
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Charge, Dispute, gravest

_NAME = """
UPDATE app.payment_disputes SET reference = $2 WHERE payment_id = $1 AND reference = ''
"""

_KEEP = """
INSERT INTO app.payment_disputes AS d
    (payment_id, specialist_id, client_id, reference, state, reason, amount_minor)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (payment_id, reference) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, amount_minor = excluded.amount_minor
"""

_WRITE = """
UPDATE app.payments
SET dispute_reference = nullif($2, ''), dispute_status = $3, dispute_reason = $4,
    dispute_minor = $5, is_disputed = $6,
    contested_minor = least($7, captured_minor), lost_minor = least($8, captured_minor)
WHERE id = $1
"""

_BEGUN, _ENDED = "payment.disputed", "payment.dispute_closed"


async def note_disputes(work: Work, payment: LockedPayment, charge: Charge) -> None:
    """Every dispute of the payment, which the caller has locked, says how it stands, the ledger
    has followed the money, and whoever listens hears of each that begins or ends: once, in whatever
    order the letters come. Where the bank has decided all, refunds that waited for it go on.
    """
    now = disputes_now(payment.disputes, charge)
    if now == payment.disputes:
        return
    known = await _named(work, payment, now)
    captured_minor = max(charge.captured_minor, payment.captured_minor)
    for one in now:
        before = known.get(one.reference)
        if one == before:
            continue
        known[one.reference] = one
        await _write(work, payment, one, list(known.values()), captured_minor=captured_minor)
        await _tell(work, payment, before, one)
    after = contested(now, captured_minor=captured_minor)
    await end_wait(
        work,
        payment,
        is_withheld=any(one.stands and one.holds_money for one in now),
        lost_minor=after.lost_minor - payment.lost_minor,
    )


async def _named(
    work: Work, payment: LockedPayment, now: tuple[Dispute, ...]
) -> dict[str, Dispute]:
    """What was known, by its names: the first that is told is the one that had none."""
    known = {one.reference: one for one in payment.disputes}
    if "" in known and all(one.reference for one in now):
        unnamed, name = known.pop(""), now[0].reference
        await work.execute(_NAME, payment.id, name)
        known = {name: unnamed, **known}
    return known


async def _write(
    work: Work, payment: LockedPayment, one: Dispute, known: list[Dispute], *, captured_minor: int
) -> None:
    parties = (payment.id, payment.specialist_id, payment.client_id)
    await work.execute(_KEEP, *parties, one.reference, one.state, one.reason, _minor(one))
    shown, sums = gravest(known), contested(known, captured_minor=captured_minor)
    assert shown is not None, "one has just been written"
    said = (shown.reference, shown.state, shown.reason, _minor(shown), shown.stands)
    await work.execute(_WRITE, payment.id, *said, sums.held_minor, sums.lost_minor)


async def _tell(work: Work, payment: LockedPayment, before: Dispute | None, now: Dispute) -> None:
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
        await work.announce(PaymentDisputed(payment.id, payment.booking_id, payment.purchase_id))


def _topic(before: Dispute | None, now: Dispute) -> str | None:
    if now.stands:
        return None if before is not None and before.stands else _BEGUN
    return None if before is not None and before.state is now.state else _ENDED


def _told(dispute: Dispute | None) -> dict[str, Any] | None:
    if dispute is None:
        return None
    return {
        "reference": dispute.reference,
        "status": dispute.state,
        "reason": dispute.reason,
        "amount_minor": _minor(dispute),
    }


def _minor(dispute: Dispute) -> int | None:
    return dispute.amount.amount_minor if dispute.amount is not None else None
