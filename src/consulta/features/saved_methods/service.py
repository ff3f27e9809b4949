"""Use cases of saved methods: beginning to save one, what came of it, charging, removing."""

from datetime import datetime
from uuid import UUID

from consulta.features.payments import service as payments
from consulta.features.payments.queries import payment_for_update
from consulta.features.payments.rules import wait_seconds
from consulta.features.saved_methods import queries
from consulta.features.saved_methods.errors import SavedMethodNotFound
from consulta.features.saved_methods.queries import Call
from consulta.features.saved_methods.rules import may_call_again
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Setup, SetupState

NOT_READY = "saved_method_not_ready"
_SETTLE = "SELECT app.settle_set_up($1, $2, $3, $4, $5, $6, $7, $8, $9)"

_POSTPONE = """
UPDATE app.saved_methods
SET last_error = $3, next_attempt_at = app.now() + make_interval(secs => $4)
WHERE id = $1 AND fence = $2 AND next_attempt_at IS NOT NULL
"""

_FORGOTTEN = """
UPDATE app.saved_methods SET last_error = $3, next_attempt_at = NULL
WHERE id = $1 AND fence = $2 AND next_attempt_at IS NOT NULL
"""

_FORGET_ACTION = """
UPDATE app.saved_method_actions SET next_action = NULL
WHERE method_id = $1 AND next_action IS NOT NULL
"""


async def save(work: Work, *, specialist_id: UUID) -> UUID:
    """A method of the caller's that is about to be saved; the call is the caller's to make once
    this has committed.

    Raises SpecialistNotFound, CannotBookYourself, SavedCardNotAvailable, TooManySavedMethods.
    """
    row = await work.fetchrow("SELECT id, provider FROM app.save_method($1)", specialist_id)
    assert row is not None
    method_id: UUID = row["id"]
    work.audit(
        "saved_method.begun",
        subject_type="saved_method",
        subject_id=method_id,
        new={"provider": row["provider"], "specialist_id": specialist_id},
    )
    return method_id


async def remove(work: Work, *, method_id: UUID) -> None:
    """It is charged no more, and its provider is about to forget it; a session that waited to be
    paid with it has to be paid otherwise. Raises SavedMethodNotFound, SavedMethodInUse.
    """
    row = await work.fetchrow("SELECT id, status FROM app.remove_method($1)", method_id)
    if row is None or row["id"] is None:
        raise SavedMethodNotFound
    work.audit(
        "saved_method.removed",
        subject_type="saved_method",
        subject_id=method_id,
        old={"status": row["status"]},
        new={"status": "removed"},
    )


async def settle(work: Work, method_id: UUID, setup: Setup, *, fence: int | None) -> bool:
    """The method says what its set-up says; False for a late writer, and where it was settled
    before. Without a fence the truth was read.
    """
    action = setup.next_action
    said = {"kind": action.kind, "client_secret": action.client_secret} if action else None
    if said is not None and action is not None and action.url is not None:
        said["url"] = action.url
    changed: bool = await work.fetchval(
        _SETTLE,
        method_id,
        fence,
        setup.state.value,
        setup.reference,
        setup.customer_reference,
        setup.method_reference,
        setup.label,
        setup.error_code,
        said,
    )
    if changed and setup.state is not SetupState.PENDING:
        _note(work, method_id, setup.state.value, setup.error_code)
    return changed


async def forgotten(work: Work, call: Call, *, error: str | None = None) -> None:
    """The provider has forgotten the method, or never will; the client's secret is gone, too."""
    await work.execute(_FORGOTTEN, call.method_id, call.fence, error)
    await work.execute(_FORGET_ACTION, call.method_id)


async def refuse(work: Work, call: Call, reason: str) -> None:
    """The provider refused for good: there will be no such method."""
    if call.forgets:
        await forgotten(work, call, error=reason)
        return
    nothing = (None,) * 4
    said = (call.method_id, call.fence, SetupState.FAILED.value, *nothing, reason, None)
    if await work.fetchval(_SETTLE, *said):
        _note(work, call.method_id, SetupState.FAILED.value, reason)


async def postpone(
    work: Work, call: Call, error: str, *, retry_after_seconds: float | None = None
) -> None:
    """The call is made again later, with the same key; in vain too often, or too late for that, it
    is given up.
    """
    first_sent_at = None if call.forgets else call.first_sent_at
    if may_call_again(attempts=call.attempts, first_sent_at=first_sent_at, now=call.now):
        wait = wait_seconds(call.attempts, retry_after_seconds=retry_after_seconds)
        await work.execute(_POSTPONE, call.method_id, call.fence, error, wait)
    else:
        await refuse(work, call, error)


async def charge(work: Work, *, payment_id: UUID) -> None:
    """The saved card that a payment waited for is about to be charged; where that cannot be, its
    payer hears that the session has to be paid otherwise. The second time nothing happens.
    """
    payment = await payment_for_update(work, payment_id)
    # Only under the lock: somebody may have paid otherwise, or called the session off, meanwhile.
    card = await queries.due_card_of(work, payment_id)
    if payment is None or card is None:
        return
    if not card.is_wanted:
        await payments.leave_card_alone(work, payment)
    elif card.is_usable:
        named = {"payment_method": card.payment_method, "customer": card.customer}
        await payments.charge_card(work, payment, card=named)
    else:
        await payments.refuse_card(work, payment, reason=NOT_READY)


async def give_up(work: Work, *, before: datetime, limit: int) -> int:
    """How many set-ups had been begun before that and were never finished; they have failed."""
    rows = await work.fetch("SELECT id FROM app.give_up_set_ups($1, $2) AS id", before, limit)
    for row in rows:
        _note(work, row["id"], SetupState.FAILED.value, "set_up_abandoned")
    return len(rows)


def _note(work: Work, method_id: UUID, status: str, error: str | None) -> None:
    work.audit(
        f"saved_method.{status}",
        subject_type="saved_method",
        subject_id=method_id,
        old={"status": "pending"},
        new={"status": status, **({"error": error} if error else {})},
        status="success" if status == SetupState.READY else "failure",
    )
