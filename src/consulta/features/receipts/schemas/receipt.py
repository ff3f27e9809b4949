"""A receipt as data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from consulta.features.receipts.rules import receipt_reference
from consulta.platform.http.schema import Answer, MoneyOut

Kind = Literal["receipt", "credit_note", "reversal"]


class ReceiptParty(Answer):
    id: UUID
    name: str | None


class ReceiptSpecialist(ReceiptParty):
    letterhead_url: str | None
    time_zone: str


class ReceiptItem(Answer):
    """What was paid for: a session by its time, or a package by its sessions."""

    kind: Literal["session", "package"]
    name: str | None
    starts_at: datetime | None = None
    session_count: int | None = None


class ReceiptPayment(Answer):
    id: UUID
    provider: str


class ReceiptNamed(Answer):
    number: int
    issued_at: datetime


class ReceiptOut(Answer):
    """A receipt for money that was taken, a credit note for money that went back, or the reversal
    of one for money that did not arrive. All names and sums are as they were when it was issued.
    """

    id: UUID
    number: int = Field(description="Runs on without gaps, for each specialist by itself.")
    reference: str = Field(examples=["2026-000123"])
    kind: Kind
    amount: MoneyOut
    issued_at: datetime
    booking_id: UUID | None
    package_purchase_id: UUID | None
    specialist: ReceiptSpecialist
    client: ReceiptParty
    item: ReceiptItem
    price: MoneyOut
    discount: MoneyOut
    total: MoneyOut
    coupon_code: str | None
    payment: ReceiptPayment
    credits: ReceiptNamed | None = Field(
        None, description="Of a credit note: the receipt that it takes back from."
    )
    reverses: ReceiptNamed | None = Field(
        None, description="Of a reversal: the credit note whose money came back."
    )


class Receipts(Answer):
    items: list[ReceiptOut]


def receipt_out(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `queries.receipt` in the shape of `ReceiptOut`."""
    details = row["details"]

    def money(amount_minor: int) -> dict[str, Any]:
        return {"amount_minor": amount_minor, "currency": row["currency"]}

    return {
        **{
            name: row[name]
            for name in ("id", "number", "kind", "issued_at", "booking_id", "package_purchase_id")
        },
        "reference": receipt_reference(
            row["number"],
            issued_at=row["issued_at"],
            time_zone=details["specialist"]["time_zone"],
        ),
        "amount": money(row["amount_minor"]),
        "specialist": {"id": row["specialist_id"], **details["specialist"]},
        "client": {"id": row["client_id"], **details["client"]},
        "item": details["item"],
        "price": money(details["price_minor"]),
        "discount": money(details["discount_minor"]),
        "total": money(details["total_minor"]),
        "coupon_code": details["coupon_code"],
        "payment": details["payment"],
        "credits": details.get("credits"),
        "reverses": details.get("reverses"),
    }
