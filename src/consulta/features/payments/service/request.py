"""Asking for money to be taken, released or returned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import LEASE_SECONDS
from consulta.kernel.money import Money
from consulta.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation that exists from now on, leased to whoever asked."""

    operation_id: UUID
    payment_id: UUID
    fence: int
    amount_minor: int

    @property
    def is_leased(self) -> bool:
        """False where it is the worker's, perhaps because it has to wait for a bank."""
        return self.fence > 0

    def lease(
        self,
        *,
        kind: str,
        currency: str,
        provider: str,
        account: str,
        reference: str | None,
        now: datetime,
        params: Mapping[str, Any] | None = None,
    ) -> Lease:
        """The lease under which it is carried out, once this transaction has committed."""
        return Lease(
            operation_id=self.operation_id,
            payment_id=self.payment_id,
            kind=kind,
            amount=Money(self.amount_minor, currency),
            provider=provider,
            account=account,
            reference=reference,
            params=dict(params or {}),
            fence=self.fence,
            attempts=1,
            first_sent_at=now,
            same_error_count=0,
            now=now,
        )


_REQUEST = (
    "SELECT id, payment_id, fence, amount_minor FROM app.request_operation($1, $2, $3, $4, $5, $6)"
)


async def request_operation(
    work: Work,
    *,
    payment_id: UUID,
    kind: Literal["capture", "cancel", "refund"],
    amount_minor: int | None,
    leased: bool = True,
    reason: str | None = None,
    waits: bool = False,
) -> Asked:
    """The operation is a row of this transaction; carried out once that has committed (D6).
    A refund without an amount is of all that is left. While the payer's bank decides a dispute
    none can be made, but for one that `waits`, because it is owed: then nobody has a lease of it.

    Who may ask for what is decided in the database. Raises the errors of this room.
    """
    row = await work.fetchrow(
        _REQUEST, payment_id, kind, amount_minor, LEASE_SECONDS if leased else 0, reason, waits
    )
    assert row is not None
    work.audit(
        f"payment.{kind}_requested",
        subject_type="payment",
        subject_id=payment_id,
        new={"amount_minor": row["amount_minor"], "operation_id": row["id"]},
    )
    return Asked(row["id"], row["payment_id"], row["fence"], row["amount_minor"])
