"""Request and response bodies of payments."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from pydantic import Field

from consulta.platform.http.schema import Answer, Body, MoneyOut, Text


class PaymentDetails(Answer):
    """A payment as its parties see it; `next_action` is the payer's alone."""

    id: UUID
    booking_id: UUID | None
    package_purchase_id: UUID | None
    provider: str
    status: str
    amount: MoneyOut
    authorized: MoneyOut
    captured: MoneyOut
    refunded: MoneyOut
    is_disputed: bool
    capture_before: datetime | None
    last_error: str | None
    next_action: dict[str, Any] | None
    created_at: datetime


class SandboxMethod(Body):
    payment_method: Annotated[Text, Field(max_length=100)] = Field(examples=["pm_sandbox_visa"])


class SandboxAction(Body):
    succeed: bool = True


def payment_out(row: asyncpg.Record) -> dict[str, Any]:
    """A row of `queries.payment` in the shape of `PaymentDetails`."""

    def money(name: str) -> dict[str, Any]:
        return {"amount_minor": row[name], "currency": row["currency"]}

    return {
        **{
            name: row[name]
            for name in (
                "id",
                "booking_id",
                "package_purchase_id",
                "provider",
                "status",
                "is_disputed",
                "capture_before",
                "last_error",
                "next_action",
                "created_at",
            )
        },
        "amount": money("amount_minor"),
        "authorized": money("authorized_minor"),
        "captured": money("captured_minor"),
        "refunded": money("refunded_minor"),
    }
