"""Entries of the ledger as data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from consulta.platform.http.schema import Answer, MoneyOut


class LedgerEntryOut(Answer):
    """What one account gained (or lost, where it is negative) by one movement of money. What came
    in stands at `gateway` or `by_hand`, and against it, negative, at the `specialist` who is owed
    it; `disputed` is what the payer's bank holds back. A refund that failed came back to us.
    """

    id: UUID
    transaction_id: UUID = Field(description="Its entries sum to zero in each currency.")
    payment_id: UUID
    specialist_id: UUID
    client_id: UUID
    kind: Literal["capture", "refund", "refund_failed", "dispute", "dispute_won"]
    account: Literal["gateway", "by_hand", "specialist", "disputed"]
    amount: MoneyOut
    running_total: MoneyOut | None = Field(
        description="Of this account in this currency, this entry included, over all entries of"
        " the payment or the specialist that was asked for; null over the whole house."
    )
    created_at: datetime


class LedgerMismatch(Answer):
    """A payment of which our books disagree."""

    payment_id: UUID
    specialist_id: UUID
    captured: MoneyOut
    refunded: MoneyOut
    ledger_captured: MoneyOut
    ledger_refunded: MoneyOut
    ledger_disputed: MoneyOut
    receipts: MoneyOut
    credit_notes: MoneyOut


class LedgerMismatches(Answer):
    items: list[LedgerMismatch]


def entry_out(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `queries.ledger_entries` in the shape of `LedgerEntryOut`."""
    plain = ("id", "transaction_id", "payment_id", "specialist_id", "client_id", "kind", "account")
    total = row["running_total_minor"]
    return {
        **{name: row[name] for name in plain},
        "amount": {"amount_minor": row["amount_minor"], "currency": row["currency"]},
        "running_total": None
        if total is None
        else {"amount_minor": total, "currency": row["currency"]},
        "created_at": row["created_at"],
    }


def mismatch_out(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `queries.ledger_mismatches` in the shape of `LedgerMismatch`."""
    sums = {
        name.removesuffix("_minor"): {"amount_minor": row[name], "currency": row["currency"]}
        for name in row.keys()  # noqa: SIM118 - a record iterates over its values
        if name.endswith("_minor")
    }
    return {"payment_id": row["payment_id"], "specialist_id": row["specialist_id"], **sums}
