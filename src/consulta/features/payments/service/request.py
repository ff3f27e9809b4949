"""Asking for money to be taken, released or returned."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from consulta.features.payments.rules import LEASE_SECONDS
from consulta.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation that exists from now on, leased to whoever asked."""

    operation_id: UUID
    payment_id: UUID
    fence: int


_REQUEST = "SELECT id, payment_id, fence FROM app.request_operation($1, $2, $3, $4)"


async def request_operation(
    work: Work,
    *,
    payment_id: UUID,
    kind: Literal["capture", "cancel", "refund"],
    amount_minor: int,
    leased: bool = True,
) -> Asked:
    """The operation is a row of this transaction; carried out once that has committed (D6).

    Who may ask for what is decided in the database. Raises the errors of this room.
    """
    row = await work.fetchrow(
        _REQUEST, payment_id, kind, amount_minor, LEASE_SECONDS if leased else 0
    )
    assert row is not None
    work.audit(
        f"payment.{kind}_requested",
        subject_type="payment",
        subject_id=payment_id,
        new={"amount_minor": amount_minor, "operation_id": row["id"]},
    )
    return Asked(row["id"], row["payment_id"], row["fence"])
