"""Request and response bodies of bookings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import asyncpg
from pydantic import Field, model_validator

from consulta.features.bookings.rules import Party, ReasonCode
from consulta.features.payments.bodies import Method, PaymentOut, payment_within
from consulta.features.specialists.bodies import TierOut
from consulta.features.specialists.rules import tiers_of
from consulta.platform.http.schema import (
    Answer,
    Blankable,
    Body,
    Email,
    HttpsUrl,
    Moment,
    MoneyOut,
    Text,
    shown_as,
)

_ID = "01a1f860-a7b8-7c0f-8d1f-1a923acf6111"
_START = "2027-03-01T09:00:00+04:00"
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


_POLICY_APPLIED = (
    "The policy; `full_refund` where the specialist or an admin ends it, `no_refund` where nothing"
    " was taken: what is only reserved is released."
)


class BookingCreate(Body):
    """Which session is wanted. The price is the rate's; it is not for the caller to say."""

    model_config = shown_as(
        specialist_id=_ID, rate_id=_ID, starts_at=_START, payment_method="pm_sandbox_visa"
    )

    specialist_id: UUID
    rate_id: UUID
    starts_at: Moment
    client_id: Annotated[UUID | None, Blankable] = Field(
        None, description="Only a specialist booking for a client, or an admin, names one."
    )
    client_email: Annotated[Email | None, Blankable] = Field(
        None, description="The client's exact address, in place of `client_id`."
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

    @model_validator(mode="after")
    def _names_one_client(self) -> Self:
        if self.client_id is not None and self.client_email is not None:
            raise ValueError("a client is named by id or by address, not by both")
        return self


class BookingDecline(Body):
    model_config = shown_as(reason="At a conference.", reason_code="specialist_unavailable")

    reason: Annotated[Annotated[Text, Field(max_length=1000)] | None, Blankable] = None
    reason_code: Annotated[ReasonCode | None, Blankable] = None


class BookingCancel(BookingDecline):
    model_config = shown_as(reason="Feeling better.", reason_code="no_longer_needed")

    quote_token: Annotated[Annotated[Text, Field(max_length=2000)] | None, Blankable] = Field(
        None, description="Of a cancellation quote: exactly its terms apply, or nothing happens."
    )


class BulkCancel(BookingDecline):
    model_config = shown_as(booking_ids=[_ID], reason="Ill.", reason_code="illness")

    booking_ids: list[UUID] = Field(min_length=1, max_length=50)


class BookingReschedule(Body):
    """Another start; the session keeps its length, its price and its payment."""

    model_config = shown_as(starts_at=_START, reason="The train is late.")

    starts_at: Moment
    revision: int | None = Field(
        None, ge=0, le=2**31 - 1, description="Refused if the booking has another one by now."
    )
    reason: Annotated[Annotated[Text, Field(max_length=1000)] | None, Blankable] = None
    anyway: bool = Field(
        False,
        description="Leaves hours, notice, horizon and the day's cap aside, never another booking;"
        " only the specialist or an admin.",
    )


class ProposalCreate(Body):
    """Another time, which the client may accept or decline."""

    model_config = shown_as(starts_at=_START, message="Would this suit you better?")

    starts_at: Moment
    message: Annotated[Annotated[Text, Field(max_length=1000)] | None, Blankable] = None
    anyway: bool = Field(False, description="As for moving the booking.")


class BulkProposal(ProposalCreate):
    model_config = shown_as(booking_id=_ID, starts_at=_START)

    booking_id: UUID


class BulkPropose(Body):
    model_config = shown_as(items=[{"booking_id": _ID, "starts_at": _START}])

    items: list[BulkProposal] = Field(min_length=1, max_length=50)


class CancellationQuote(Answer):
    """What a cancellation would mean now: `paid` = `refunded` + `refund` + `kept`."""

    booking_id: UUID
    policy: str = Field(description="The booking's policy, as it was when it was booked.")
    policy_applied: str = Field(description=_POLICY_APPLIED, examples=["standard"])
    refund_percent: int = Field(description="Of `paid`, by the tier that holds now.")
    paid: MoneyOut = Field(description="What was taken.")
    refunded: MoneyOut = Field(description="What went back already, or is on its way.")
    refund: MoneyOut = Field(description="What would go back.")
    kept: MoneyOut
    releases_authorization: bool = Field(description="What is only reserved is released whole.")
    released: MoneyOut = Field(description="What is reserved, not taken, and would be released.")
    credit_returned: bool = Field(description="Whether a package gets its credit back.")
    valid_until: datetime = Field(description="Until then a cancellation with the token keeps it.")
    next_change_at: datetime | None = Field(
        description="The last instant of the present share; null where none follows."
    )
    quote_token: str = Field(description="For the body of the cancellation.")


class CancellationOut(Answer):
    """The record of a booking's end: who ended it, why, and what it meant."""

    cancelled_by: Party
    reason: str | None
    reason_code: ReasonCode | None
    policy_applied: str = Field(description=_POLICY_APPLIED, examples=["standard"])
    refund_percent: int
    refund: MoneyOut = Field(
        description="What goes back; `payment.refunded` says how much has gone."
    )
    credit_returned: bool
    at: datetime


class OpenProposalOut(Answer):
    id: UUID
    starts_at: datetime
    message: str | None


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
    cancellation_policy: str = Field(examples=["standard"])
    cancellation_tiers: list[TierOut] = Field(
        description="Its tiers when it was booked; with less notice than the last asks for, nothing"
        " comes back."
    )
    open_proposal: OpenProposalOut | None = Field(
        description="Another time that the specialist proposes, while the client has not answered."
    )
    cancellation: CancellationOut | None = Field(
        description="Null unless it was cancelled or declined."
    )
    expires_at: datetime | None = Field(
        description="When it lapses unless it is paid or confirmed; null once it stands or is over."
    )
    intake_completed: bool = Field(description="See `GET /bookings/{booking_id}/intake`.")
    note: str | None
    booked_anyway: bool
    coupon_code: str | None
    package_purchase_id: UUID | None
    recurring_booking_id: UUID | None
    payment: PaymentOut | None
    created_at: datetime
    updated_at: datetime


class BookingDetails(BookingOut):
    """A booking, and what has gathered around the session: each has a route of its own."""

    meeting_status: str | None = Field(
        description="As in `GET /bookings/{booking_id}/meeting`; null where there is none.",
        examples=["ready"],
    )
    notes_count: int = Field(description="See `GET /bookings/{booking_id}/notes`.")
    recordings_count: int = Field(
        description="Those that can be fetched: see `GET /bookings/{booking_id}/recordings`."
    )
    has_review: bool = Field(description="See `GET /bookings/{booking_id}/review`.")


class HistoryOut(Answer):
    """A move of the status. `reason` is a person's own words, or a note of the service."""

    from_status: Status | None
    to_status: Status
    actor_kind: Party | Literal["system"]
    reason: str | None
    at: datetime


class RescheduleOut(Answer):
    """A move in time. An accepted proposal counts as moved by whoever proposed it."""

    revision: int
    from_starts_at: datetime
    from_ends_at: datetime
    to_starts_at: datetime
    to_ends_at: datetime
    moved_by: Party
    reason: str | None
    at: datetime


class BookingHistory(Answer):
    items: list[HistoryOut]
    reschedules: list[RescheduleOut]


class ProposalOut(Answer):
    """Another time for a session; a newer proposal, or a move, takes an open one's place."""

    id: UUID
    booking_id: UUID
    starts_at: datetime
    message: str | None
    state: Literal["open", "accepted", "declined", "replaced"]
    created_at: datetime
    updated_at: datetime


class ProposalsOut(Answer):
    items: list[ProposalOut]


class CancelledOut(Answer):
    """What came of one booking. `refund` is what goes back of money that had been taken; `code` and
    `detail` say why it failed.
    """

    booking_id: UUID
    status: Literal["cancelled", "failed"]
    code: str | None = None
    detail: str | None = None
    refund: MoneyOut | None = None


class BulkCancelOut(Answer):
    items: list[CancelledOut]


class ProposedOut(Answer):
    """What came of one proposal; `code` and `detail` say why it failed."""

    booking_id: UUID
    status: Literal["proposed", "failed"]
    code: str | None = None
    detail: str | None = None
    proposal: ProposalOut | None = None


class BulkProposeOut(Answer):
    items: list[ProposedOut]


def booking_out(
    row: asyncpg.Record, *, publishable_key: str | None, with_action: bool = True
) -> dict[str, Any]:
    """A row of `app.booking_views` in the shape of `BookingOut`, ready to be written as JSON.

    `with_action` False leaves out what only the payer may see.
    """
    currency = row["currency"]

    def money(name: str) -> dict[str, Any]:
        return {"amount_minor": row[name], "currency": currency}

    payment = payment_within(row, publishable_key=publishable_key, with_action=with_action)
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
        "cancellation_tiers": tiers_of(row["policy"], row["policy_tiers"]),
        "cancellation": _cancellation(row["cancellation"]),
        "open_proposal": row["open_proposal"],
        "payment": payment,
    }


def _cancellation(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if record is None:
        return None
    plain = ("reason", "reason_code", "refund_percent", "credit_returned")
    return {
        **{name: record[name] for name in plain},
        "cancelled_by": record["cancelled_by_kind"],
        "policy_applied": record["cancellation_policy_applied"],
        "refund": {"amount_minor": record["refund_minor"], "currency": record["currency"]},
        "at": datetime.fromisoformat(record["created_at"]),
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
    "intake_completed",
    "note",
    "booked_anyway",
    "coupon_code",
    "package_purchase_id",
    "recurring_booking_id",
    "created_at",
    "updated_at",
)
