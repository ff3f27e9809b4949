"""Request and response bodies of bookings."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from pydantic import Field

from consulta.platform.http.schema import Answer, Blankable, Body, HttpsUrl, Moment, MoneyOut, Text

ReasonCode = Literal[
    "schedule_conflict",
    "illness",
    "emergency",
    "no_longer_needed",
    "found_alternative",
    "price",
    "technical_problem",
    "specialist_unavailable",
    "duplicate",
    "other",
]
Status = Literal[
    "pending_payment",
    "awaiting_confirmation",
    "confirmed",
    "completed",
    "no_show",
    "cancelled",
    "declined",
    "expired",
    "refunded",
]
Method = Annotated[Text, Field(max_length=255, pattern=r"^[A-Za-z0-9_]+$")]


class BookingCreate(Body):
    """Which session is wanted. The price is the rate's; it is not for the caller to say."""

    specialist_id: UUID
    rate_id: UUID
    starts_at: Moment
    client_id: Annotated[UUID | None, Blankable] = Field(
        None, description="Only a specialist booking for a client, or an admin, names one."
    )
    hold_token: Annotated[Annotated[Text, Field(max_length=200)] | None, Blankable] = None
    payment_method: Annotated[Method | None, Blankable] = Field(
        None, description="A method of the payment provider; without one the payment waits for it."
    )
    return_url: Annotated[HttpsUrl | None, Blankable] = None
    note: Annotated[Annotated[Text, Field(max_length=2000)] | None, Blankable] = None
    coupon_code: Annotated[Annotated[Text, Field(max_length=40)] | None, Blankable] = None
    package_purchase_id: Annotated[UUID | None, Blankable] = Field(
        None, description="Pays with a credit of this purchase; not together with a coupon."
    )
    by_hand: bool = Field(
        False, description="Paid by hand; only a specialist or an admin, booking for a client."
    )
    anyway: bool = Field(
        False,
        description="Leaves hours, notice, horizon and the day's cap aside, never another booking;"
        " only a specialist or an admin.",
    )


class BookingCancel(Body):
    reason: Annotated[Annotated[Text, Field(max_length=1000)] | None, Blankable] = None
    reason_code: Annotated[ReasonCode | None, Blankable] = None


class BookingDecline(BookingCancel):
    pass


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


class BookingOut(Answer):
    id: UUID
    status: Status
    revision: int
    starts_at: datetime
    ends_at: datetime
    specialist_id: UUID
    specialist_name: str | None
    client_id: UUID
    client_name: str | None
    rate_id: UUID
    kind: str
    price: MoneyOut
    discount: MoneyOut
    total: MoneyOut
    cancellation_policy: str
    expires_at: datetime | None
    meeting_link: str | None
    intake_completed: bool
    note: str | None
    payment: PaymentOut | None
    created_at: datetime
    updated_at: datetime


class HistoryOut(Answer):
    from_status: str | None
    to_status: str
    actor_kind: str
    reason: str | None
    at: datetime


class BookingHistory(Answer):
    items: list[HistoryOut]


def booking_out(
    row: asyncpg.Record, *, publishable_key: str | None, with_action: bool = True
) -> dict[str, Any]:
    """A row of `app.booking_views` in the shape of `BookingOut`, ready to be written as JSON.

    `with_action` False leaves out what only the payer may see.
    """
    currency = row["currency"]

    def money(name: str) -> dict[str, Any]:
        return {"amount_minor": row[name], "currency": currency}

    payment = None
    if row["payment_id"] is not None:
        payment = {
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
    plain = {name: row[name] for name in _PLAIN}
    # A session that stands or is over does not expire any more.
    expires = row["expires_at"] if row["status"] in _EXPIRING else None
    return {
        **plain,
        "expires_at": expires,
        "price": money("price_minor"),
        "discount": money("discount_minor"),
        "total": money("total_minor"),
        "cancellation_policy": row["policy"],
        "payment": payment,
    }


_EXPIRING = {"pending_payment", "awaiting_confirmation"}
_PLAIN = (
    "id",
    "status",
    "revision",
    "starts_at",
    "ends_at",
    "specialist_id",
    "specialist_name",
    "client_id",
    "client_name",
    "rate_id",
    "kind",
    "meeting_link",
    "intake_completed",
    "note",
    "created_at",
    "updated_at",
)
