"""Recording what became of an operation, under its fence: a late writer writes nothing."""

from dataclasses import replace as replace_fields
from datetime import datetime
from uuid import UUID

from consulta.features.payments.errors import AmountMismatch
from consulta.features.payments.queries import (
    Lease,
    LockedPayment,
    has_open_operation,
    payment_for_update,
)
from consulta.features.payments.rules import (
    LAPSE_SLACK,
    MOST_ATTEMPTS,
    is_surely_over,
    wait_seconds,
)
from consulta.features.payments.service.apply import action_of, apply, give_up
from consulta.features.payments.service.card import tell_card_refused
from consulta.features.payments.service.note import park_payment
from consulta.features.payments.states import PaymentStatus, status_of
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Charge

# "Leased" is said by its date: beside `state` the planner would scan the index of due operations
# instead of taking the row by its id.
_SETTLE = """
UPDATE app.payment_operations
SET state = $3, last_error = $4, provider_reference = coalesce($5, provider_reference),
    lease_until = NULL, same_error_count = 0
WHERE id = $1 AND fence = $2 AND lease_until IS NOT NULL
"""

_POSTPONE = """
UPDATE app.payment_operations
SET state = $3, last_error = $4, lease_until = NULL,
    next_attempt_at = app.now() + make_interval(secs => $5),
    same_error_count = CASE WHEN $6 THEN same_error_count + 1 ELSE 0 END
WHERE id = $1 AND fence = $2 AND lease_until IS NOT NULL
"""

_WAITING = """
WITH waiting AS (
    SELECT id, specialist_id, client_id FROM app.payments
    WHERE id = $3 AND status = 'pending' FOR UPDATE
), operation AS (
    UPDATE app.payment_operations
    SET state = 'done', last_error = NULL, lease_until = NULL, same_error_count = 0
    WHERE id = $1 AND fence = $2 AND lease_until IS NOT NULL AND EXISTS (SELECT 1 FROM waiting)
    RETURNING id
), payment AS (
    UPDATE app.payments p SET provider_reference = $4, last_error = $5
    FROM waiting WHERE p.id = waiting.id AND EXISTS (SELECT 1 FROM operation)
), action AS (
    INSERT INTO app.payment_actions (payment_id, specialist_id, client_id, next_action)
    SELECT id, specialist_id, client_id, $6 FROM waiting WHERE EXISTS (SELECT 1 FROM operation)
    ON CONFLICT (payment_id) DO UPDATE
        SET next_action = coalesce(excluded.next_action, payment_actions.next_action)
)
SELECT count(*) FROM operation
"""

_REPLACE = """
INSERT INTO app.payment_operations (payment_id, kind, amount_minor, params, replaces, requested_by)
SELECT payment_id, kind, amount_minor, params, id, requested_by
FROM app.payment_operations WHERE id = $1
"""


async def record(
    work: Work,
    lease: Lease,
    charge: Charge,
    *,
    reference: str | None = None,
    is_one_call: bool = False,
) -> bool:
    """The operation is done and the payment says what the charge says; False for a late writer. A
    refund that has failed by then has been refused.

    `is_one_call`: the charge knows of this refund alone, which is added to what went back. A
    charge about another amount than ours is never applied: its operation is parked.
    """
    if lease.is_off_session and _waits(charge):
        # Nobody was there to be asked: what waits for its payer was refused.
        return await refuse(work, lease, charge.error_code or "authentication_required", charge)
    if await _goes_on_waiting(work, lease, charge):
        return True
    payment = await payment_for_update(work, lease.payment_id)
    assert payment is not None, "an operation has a payment"
    if charge.amount != payment.amount:
        await park(work, lease, AmountMismatch.code)
        return False
    if not await _settle(work, lease, "done", None, reference):
        return False
    if is_one_call:
        back = payment.refunded_minor + lease.amount.amount_minor
        charge = replace_fields(charge, captured_minor=payment.captured_minor, refunded_minor=back)
    await apply(work, payment, charge)
    return True


async def _goes_on_waiting(work: Work, lease: Lease, charge: Charge) -> bool:
    """True where the charge waits for its payer, as the payment did: nothing moves, so the
    payment's own row is lock enough and one statement says it all. The way of most bookings.
    """
    waits = lease.kind == "authorize" and status_of(charge) is PaymentStatus.PENDING
    if not waits or charge.amount != lease.amount:
        return False
    written = await work.fetchval(
        _WAITING,
        lease.operation_id,
        lease.fence,
        lease.payment_id,
        charge.reference,
        charge.error_code,
        action_of(charge),
    )
    return bool(written)


async def refuse(work: Work, lease: Lease, reason: str, charge: Charge | None) -> bool:
    """The provider refused for good: the operation is over, the payment carries the reason. Money
    that was promised back and did not go is for a person to look at, or waits for the payer's bank
    where that holds it in a dispute.
    """
    payment = await payment_for_update(work, lease.payment_id)
    assert payment is not None, "an operation has a payment"
    if not await _settle(work, lease, "dead", reason, None):
        return False
    work.audit(
        f"payment.{lease.kind}_refused",
        subject_type="payment",
        subject_id=lease.payment_id,
        new={"reason": reason},
        status="failure",
    )
    if charge is not None and charge.amount == payment.amount:
        await apply(work, payment, charge)
    if lease.kind == "refund" and await _is_withheld(work, lease.payment_id):
        # The bank decides first. What was refused under the old key would be refused again.
        await work.execute(_REPLACE, lease.operation_id)
        return True
    await work.execute(
        "UPDATE app.payments SET last_error = $2 WHERE id = $1", lease.payment_id, reason
    )
    if lease.kind == "refund":
        _tell_failed(work, lease, payment)
        await _find(work, lease, "refund_refused", reason)
    if lease.is_off_session and (charge is None or _waits(charge)):
        await tell_card_refused(work, payment)
    return True


async def _is_withheld(work: Work, payment_id: UUID) -> bool:
    payment = await payment_for_update(work, payment_id)
    return payment is not None and payment.is_withheld


def _waits(charge: Charge) -> bool:
    return status_of(charge) in {PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION}


async def postpone(
    work: Work,
    lease: Lease,
    error: str,
    *,
    retry_after_seconds: float | None = None,
    stored: bool = False,
    sent: bool = True,
    not_before: datetime | None = None,
) -> None:
    """The outcome is unknown, or the time has not come: the same operation is tried again later.

    After very many attempts it is parked as dead, for a person to look at.
    """
    if lease.attempts >= MOST_ATTEMPTS:
        await park(work, lease, error)
        return
    wait = wait_seconds(lease.attempts, retry_after_seconds=retry_after_seconds)
    if not_before is not None:
        wait = max(wait, (not_before - lease.now).total_seconds())
    await work.execute(
        _POSTPONE,
        lease.operation_id,
        lease.fence,
        "in_doubt" if sent else "pending",
        error,
        wait,
        stored,
    )


async def wait_for_lapse(work: Work, lease: Lease, lapses_at: datetime) -> None:
    """What cannot be released is left to run out. The operation stays, so that nothing is taken
    meanwhile, and looks again when the reservation must have gone.
    """
    look_again = max(lapses_at, lease.now) + LAPSE_SLACK
    await postpone(work, lease, "the reservation lapses", sent=False, not_before=look_again)


async def replace(work: Work, lease: Lease, error: str) -> None:
    """Nothing came of the old key, and it can bring nothing any more: a new operation, with a key
    of its own, takes its place.
    """
    if await _settle(work, lease, "dead", error, None):
        await work.execute(_REPLACE, lease.operation_id)


async def settle_absence(work: Work, lease: Lease) -> None:
    """The provider has no charge: a void has nothing to release and is done, an authorisation gets
    a new key, unless its booking has ended. While a charge may yet appear, both wait.
    """
    payment = await payment_for_update(work, lease.payment_id)
    assert payment is not None, "an operation has a payment"
    if lease.kind == "cancel":
        # The lock comes first: an authorisation that was recorded meanwhile has left its reference.
        may_appear = await has_open_operation(work, lease.payment_id, kind="authorize")
        if payment.reference is not None or may_appear:
            await postpone(work, lease, "authorisation under way", sent=False)
        elif await _settle(work, lease, "done", None, None):
            await give_up(work, payment)
    elif not lease.is_forlorn:
        await replace(work, lease, "nothing at the provider")
    elif is_surely_over(lease.first_sent_at, now=lease.now):
        await _settle(work, lease, "dead", "the booking has ended", None)
    else:
        await postpone(work, lease, "the booking has ended", sent=False)


async def park(work: Work, lease: Lease, error: str) -> None:
    """Nothing more is tried: the operation is dead, for a person to look at."""
    if await _settle(work, lease, "dead", error, None):
        work.audit(
            "payment.operation_parked",
            subject_type="payment",
            subject_id=lease.payment_id,
            new={"operation_id": lease.operation_id, "error": error},
            status="failure",
        )
        if lease.kind == "refund":
            payment = await payment_for_update(work, lease.payment_id)
            assert payment is not None, "an operation has a payment"
            _tell_failed(work, lease, payment)
        await _find(work, lease, f"{lease.kind}_parked", error)


def _tell_failed(work: Work, lease: Lease, payment: LockedPayment) -> None:
    work.send("payment.refund_failed", {**payment.ids, "refund_id": lease.operation_id})


async def _find(work: Work, lease: Lease, reason: str, error: str) -> None:
    facts = {"operation_id": str(lease.operation_id), "error": error}
    await park_payment(work, payment_id=lease.payment_id, reason=reason, facts=facts)


async def _settle(
    work: Work, lease: Lease, state: str, error: str | None, reference: str | None
) -> bool:
    changed = await work.execute(_SETTLE, lease.operation_id, lease.fence, state, error, reference)
    return changed == 1
