"""What bodies of other rooms carry as it is: how somebody pays, and a payment inside an answer."""

from collections.abc import Mapping
from typing import Annotated, Any
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
    }
