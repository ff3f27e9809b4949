"""Request and response bodies of payments."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from pydantic import Field

from consulta.features.payments.bodies import DisputeOut, dispute_within
from consulta.platform.http.schema import Answer, Blankable, Body, MoneyOut, Text


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
    dispute: DisputeOut | None
    disputes: list[DisputeOut] = Field(description="All there ever were, the oldest first.")
    capture_before: datetime | None
    last_error: str | None
    next_action: dict[str, Any] | None
    created_at: datetime


class RefundCreate(Body):
    amount_minor: int | None = Field(
        None, ge=1, le=10**15, description="In minor units; without it all that is left goes back."
    )
    reason: Annotated[Annotated[Text, Field(max_length=1000)] | None, Blankable] = None


class HandedOver(Body):
    amount_minor: int | None = Field(
        None, ge=1, le=10**15, description="In minor units; only the whole amount is taken."
    )
    note: Annotated[Annotated[Text, Field(max_length=1000)] | None, Blankable] = None
    reference: Annotated[Annotated[Text, Field(max_length=200)] | None, Blankable] = Field(
        None, description="Your own, such as the number of a bank transfer."
    )


class HandedBack(Body):
    amount_minor: int | None = Field(
        None,
        ge=1,
        le=10**15,
        description="In minor units; without it what a cancellation left due, else all that is"
        " left.",
    )
    note: Annotated[Annotated[Text, Field(max_length=1000)] | None, Blankable] = None


class RefundOut(Answer):
    id: UUID
    payment_id: UUID
    amount: MoneyOut
    state: Literal["pending", "done", "failed", "not_owed"]
    """`not_owed`: the payer has had the money by a dispute, through the bank."""
    code: str | None
    """Why a refund has failed; what it was about can be asked for again. And why one waits."""
    reason: str | None
    requested_by_kind: Literal["client", "specialist", "admin", "system"]
    created_at: datetime


class RefundMade(RefundOut):
    payment: PaymentDetails


class Refunds(Answer):
    items: list[RefundOut]


class SandboxMethod(Body):
    payment_method: Annotated[Text, Field(max_length=100)] = Field(examples=["pm_sandbox_visa"])


class SandboxAction(Body):
    succeed: bool = True


def refund_out(row: asyncpg.Record) -> dict[str, Any]:
    """A row of `queries.refunds_of` in the shape of `RefundOut`."""
    plain = ("id", "payment_id", "state", "code", "reason", "requested_by_kind", "created_at")
    return {
        **{name: row[name] for name in plain},
        "amount": {"amount_minor": row["amount_minor"], "currency": row["currency"]},
    }


def _dispute_out(one: Mapping[str, Any], currency: str) -> dict[str, Any]:
    amount = {"amount_minor": one["amount_minor"], "currency": currency}
    return {
        "status": one["state"],
        "reason": one["reason"],
        "amount": amount if one["amount_minor"] is not None else None,
    }


def payment_out(row: asyncpg.Record, *, with_action: bool = True) -> dict[str, Any]:
    """A row of `queries.payment` in the shape of `PaymentDetails`; `with_action` False leaves out
    what only the payer may see.
    """

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
                "created_at",
            )
        },
        "next_action": row["next_action"] if with_action else None,
        "dispute": dispute_within(row),
        "disputes": [_dispute_out(one, row["currency"]) for one in row["disputes"]],
        "amount": money("amount_minor"),
        "authorized": money("authorized_minor"),
        "captured": money("captured_minor"),
        "refunded": money("refunded_minor"),
    }
