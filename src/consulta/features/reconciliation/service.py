"""What reconciliation writes: how far it has read, and what people say about findings."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import LEASE_SECONDS
from consulta.features.payments.service import Asked
from consulta.features.reconciliation import queries
from consulta.features.reconciliation.errors import (
    FindingNotFound,
    FindingSettled,
    OperationNotFound,
)
from consulta.platform.db.work import Work

_ADVANCE = """
INSERT INTO app.reconciliation_cursors AS c (provider, account, read_until) VALUES ($1, $2, $3)
ON CONFLICT (provider, account) DO UPDATE SET read_until = excluded.read_until
    WHERE c.read_until < excluded.read_until
"""

_LOOK_BACK = """
INSERT INTO app.reconciliation_cursors AS c (provider, account, read_until) VALUES ($1, $2, $3)
ON CONFLICT (provider, account) DO UPDATE SET read_until = excluded.read_until
    WHERE c.read_until > excluded.read_until
"""

_SETTLE = """
UPDATE app.reconciliation_findings
SET state = $2, settled_by = $3, settled_at = app.now(), note = $4
WHERE id = $1 AND state = 'open'
"""

_WARN = """
UPDATE app.payments SET expiry_warned_at = app.now()
WHERE id = $1 AND status = 'authorized' AND expiry_warned_at IS NULL
RETURNING booking_id, package_purchase_id, specialist_id, client_id, capture_before
"""


async def advance(work: Work, *, provider: str, account: str, read_until: datetime) -> None:
    """The next comparison begins there, less the overlap; it never goes back by this."""
    await work.execute(_ADVANCE, provider, account, read_until)


async def look_back(work: Work, *, provider: str, account: str, to: datetime) -> None:
    """The next comparison begins no later than there."""
    await work.execute(_LOOK_BACK, provider, account, to)


async def schedule_reading(work: Work, *, payment_id: UUID, wait: timedelta | None) -> None:
    """The payment's charge is read again after that time, or never."""
    await work.execute(
        "UPDATE app.payments SET read_again_at = app.now() + $2::interval WHERE id = $1",
        payment_id,
        wait,
    )


async def settle(
    work: Work, *, finding_id: UUID, state: Literal["done", "dismissed"], note: str | None
) -> None:
    """The finding is settled, on the record. Raises FindingNotFound, FindingSettled."""
    found = await queries.finding(work, finding_id)
    if found is None:
        raise FindingNotFound
    if not await work.execute(_SETTLE, finding_id, state, work.actor.id, note):
        raise FindingSettled
    work.audit(
        "reconciliation.finding_settled",
        subject_type="reconciliation_finding",
        subject_id=finding_id,
        old={"state": found["state"]},
        new={"state": state, "note": note},
    )


async def replay_operation(work: Work, *, operation_id: UUID) -> Lease:
    """A dead operation is tried anew, by another one that takes its place and is the caller's to
    carry out. Raises OperationNotFound, OperationNotReplayable, OperationHasHappened, and what
    asking for such an operation raises.
    """
    row = await work.fetchrow(
        "SELECT id, payment_id, kind, fence, amount_minor FROM app.replay_operation($1, $2)",
        operation_id,
        LEASE_SECONDS,
    )
    made = await queries.operation(work, row["id"]) if row is not None else None
    if row is None or made is None:
        raise OperationNotFound
    work.audit(
        "payment.operation_replayed",
        subject_type="payment",
        subject_id=row["payment_id"],
        new={"operation_id": row["id"], "replaces": operation_id},
    )
    asked = Asked(row["id"], row["payment_id"], row["fence"], row["amount_minor"])
    return asked.lease(
        kind=row["kind"],
        currency=made["currency"],
        provider=made["provider"],
        account=made["account"],
        reference=made["charge_reference"],
        now=await work.now(),
    )


async def warn_of_end(work: Work, *, payment_id: UUID) -> bool:
    """Whoever has to decide hears, once, that the reservation is about to end; False if it was
    told before, or is none any more.
    """
    row = await work.fetchrow(_WARN, payment_id)
    if row is None:
        return False
    work.audit(
        "payment.expiry_warned",
        subject_type="payment",
        subject_id=payment_id,
        new={"capture_before": row["capture_before"]},
    )
    work.send("payment.authorization_expiring", {"payment_id": payment_id, **dict(row)})
    return True
