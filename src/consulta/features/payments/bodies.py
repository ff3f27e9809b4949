"""What bodies of other rooms carry as it is: how somebody pays, and a payment inside an answer."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from consulta.platform.http.schema import Answer, Blankable, Body, HttpsUrl, MoneyOut, Text

Method = Annotated[Text, Field(max_length=255, pattern=r"^[A-Za-z0-9_]+$")]


class PaymentAgain(Body):
    payment_method: Annotated[Method | None, Blankable] = None
    return_url: Annotated[HttpsUrl | None, Blankable] = None


class NextActionOut(Answer):
    """What the payer's browser has to do next; only the payer sees it."""

    kind: str
    client_secret: str | None = None
    url: str | None = None
    order_reference: str | None = None
    return_url: str | None = None
    """Where the provider's page has to send the payer back to: Razorpay's `callback_url`."""


class DisputeOut(Answer):
    """How the payer's complaint at the bank stands, or how it ended."""

    status: Literal["inquiry", "open", "won", "lost", "closed"]
    reason: str | None
    amount: MoneyOut | None


class PaymentOut(Answer):
    id: UUID
    provider: str
    status: str
    amount: MoneyOut
    captured: MoneyOut
    refunded: MoneyOut
    publishable_key: str | None = None
    next_action: NextActionOut | None = None
    last_error: str | None = None
    is_disputed: bool = False
    dispute: DisputeOut | None = None


def payment_within(
    row: Mapping[str, Any], *, publishable_key: str | None, with_action: bool
) -> dict[str, Any] | None:
    """The columns `payment_…` of a row in the shape of `PaymentOut`; None where nothing is paid.

    `with_action` False leaves out what only the payer may see.
    """
    if row["payment_id"] is None:
        return None

    def money(name: str) -> dict[str, Any]:
        return {"amount_minor": row[name], "currency": row["currency"]}

    return {
        "id": row["payment_id"],
        "provider": row["payment_provider"],
        "status": row["payment_status"],
        "amount": money("payment_amount_minor"),
        "captured": money("payment_captured_minor"),
        "refunded": money("payment_refunded_minor"),
        "publishable_key": publishable_key,
        "next_action": row["payment_next_action"] if with_action else None,
        "last_error": row["payment_last_error"],
        "is_disputed": row["payment_is_disputed"],
        "dispute": dispute_within(row, prefix="payment_"),
    }


def dispute_within(row: Mapping[str, Any], *, prefix: str = "") -> dict[str, Any] | None:
    """The columns `dispute_…` of a payment in the shape of `DisputeOut`."""
    if row[f"{prefix}dispute_status"] is None:
        return None
    amount_minor = row[f"{prefix}dispute_minor"]
    amount = {"amount_minor": amount_minor, "currency": row["currency"]}
    return {
        "status": row[f"{prefix}dispute_status"],
        "reason": row[f"{prefix}dispute_reason"],
        "amount": amount if amount_minor is not None else None,
    }
