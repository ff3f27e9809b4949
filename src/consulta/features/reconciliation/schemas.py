"""Bodies and answers of reconciliation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from consulta.platform.http.schema import Answer, Blankable, Body, MoneyOut, Text

RemedyName = Literal["adopt", "void", "correct", "park"]
FindingState = Literal["open", "done", "dismissed"]
OperationState = Literal["pending", "leased", "in_doubt", "done", "dead"]


class FindingSettlement(Body):
    """What a person says about a finding."""

    state: Literal["done", "dismissed"]
    note: Annotated[Annotated[Text, Field(max_length=1000)] | None, Blankable] = None


class FindingOut(Answer):
    """A difference between a provider's books and ours, and what was done about it."""

    id: UUID
    provider: str
    account: str
    charge_reference: str
    payment_id: UUID | None
    remedy: RemedyName = Field(alias="class", description="What was done, or `park`.")
    reason: str
    facts: dict[str, Any]
    state: FindingState
    settled_by: UUID | None
    settled_at: datetime | None
    note: str | None
    created_at: datetime


class OperationOut(Answer):
    """Something that has to happen at a provider; its id is the idempotency key there."""

    id: UUID
    payment_id: UUID
    provider: str
    account: str
    kind: Literal["authorize", "capture", "cancel", "refund"]
    amount: MoneyOut
    state: OperationState
    attempts: int
    first_sent_at: datetime | None
    next_attempt_at: datetime
    last_error: str | None
    replaces: UUID | None
    replaced_by: UUID | None
    requested_by: UUID | None
    created_at: datetime


def finding_out(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `queries.finding` in the shape of `FindingOut`."""
    values = dict(row)
    return {**values, "class": values.pop("remedy")}


def operation_out(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `queries.operation` in the shape of `OperationOut`."""
    values = dict(row)
    del values["charge_reference"]
    amount = {"amount_minor": values.pop("amount_minor"), "currency": values.pop("currency")}
    return {**values, "amount": amount}
