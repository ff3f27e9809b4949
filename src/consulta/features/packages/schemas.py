"""Request and response bodies of packages and of their purchases."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from consulta.features.packages import rules
from consulta.features.payments.bodies import PaymentAgain, PaymentOut, payment_within
from consulta.features.specialists.bodies import PriceBody
from consulta.kernel.money import Money
from consulta.platform.http.schema import Answer, Blankable, Body, MoneyOut, Text, shown_as

Status = Literal["pending_payment", "active", "cancelled", "expired", "refunded"]
Name = Annotated[Text, Field(min_length=1, max_length=120)]
Description = Annotated[Annotated[Text, Field(max_length=2000)] | None, Blankable]
SessionCount = Annotated[int, Field(ge=1, le=500)]
Percentage = Annotated[int, Field(ge=0, le=100)]
ValidForDays = Annotated[int | None, Field(ge=1, le=3650, description="Null: for ever.")]


class PackageCreate(Body):
    """Several sessions at once; `price` is what the buyer pays, already discounted."""

    name: Name
    description: Description = None
    rate_id: UUID = Field(description="The kind of session that a credit buys.")
    session_count: SessionCount = Field(examples=[4])
    price: PriceBody
    discount_percentage: Percentage = Field(0, examples=[20])
    valid_for_days: ValidForDays = None
    is_active: bool = True


class PackageOfSpecialist(PackageCreate):
    specialist_id: UUID


class PackagesCreate(Body):
    """All are added, or none."""

    items: Annotated[list[PackageOfSpecialist], Field(min_length=1, max_length=100)]


class PackagePatch(Body):
    """What changes of a package; purchases keep what was bought."""

    model_config = shown_as(name="Four sessions", valid_for_days=180)

    name: Annotated[Name | None, Blankable] = None
    description: Description = None
    rate_id: UUID | None = None
    session_count: SessionCount | None = None
    price: PriceBody | None = None
    discount_percentage: Percentage | None = None
    valid_for_days: ValidForDays = None
    is_active: bool | None = None


class PackageOut(Answer):
    id: UUID
    specialist_id: UUID
    rate_id: UUID
    name: str
    description: str | None
    session_count: int
    price: MoneyOut
    discount_percentage: int
    list_price: MoneyOut | None = Field(
        description="Without the discount; null where everything is given away."
    )
    price_per_session: MoneyOut
    valid_for_days: int | None
    is_active: bool
    created_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        price = Money(row["price_minor"], row["currency"])
        whole = rules.list_price(price, discount_percentage=row["discount_percentage"])
        each = rules.price_per_session(price, session_count=row["session_count"])
        return cls(
            **{name: row[name] for name in _PACKAGE},
            price=money_out(price),
            list_price=None if whole is None else money_out(whole),
            price_per_session=money_out(each),
        )


class PackagesOut(Answer):
    items: list[PackageOut]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Self:
        return cls(items=[PackageOut.of(row) for row in rows])


class PurchaseCreate(PaymentAgain):
    """How it is paid; without a method the payment waits for one."""

    model_config = shown_as(payment_method="pm_sandbox_visa")


class PurchaseOut(Answer):
    id: UUID
    package_id: UUID
    specialist_id: UUID
    client_id: UUID
    rate_id: UUID
    name: str
    session_count: int
    credits_left: int
    price: MoneyOut
    status: Status
    expires_at: datetime | None
    activated_at: datetime | None
    valid_until: datetime | None
    payment: PaymentOut | None
    created_at: datetime


class CreditOut(Answer):
    kind: Literal["granted", "reserved", "used", "returned", "expired", "refunded"]
    credits: int
    booking_id: UUID | None
    created_at: datetime


class PurchaseDetails(PurchaseOut):
    """A purchase with its ledger, whose sum is `credits_left`."""

    credits: list[CreditOut]


class RefundQuote(Answer):
    """What a refund would return at this moment."""

    credits: int
    price_per_session: MoneyOut
    amount: MoneyOut


def money_out(money: Money) -> MoneyOut:
    return MoneyOut(amount_minor=money.amount_minor, currency=money.currency)


def purchase_out(
    row: Mapping[str, Any], *, publishable_key: str | None, with_action: bool
) -> dict[str, Any]:
    """A row of `queries.purchase` in the shape of `PurchaseOut`, ready to be written as JSON."""
    return {
        **{name: row[name] for name in _PURCHASE},
        "price": {"amount_minor": row["price_minor"], "currency": row["currency"]},
        # Only what waits for its payment can run out of time.
        "expires_at": row["expires_at"] if row["status"] == "pending_payment" else None,
        "payment": payment_within(row, publishable_key=publishable_key, with_action=with_action),
    }


_PACKAGE = (
    "id",
    "specialist_id",
    "rate_id",
    "name",
    "description",
    "session_count",
    "discount_percentage",
    "valid_for_days",
    "is_active",
    "created_at",
)
_PURCHASE = (
    "id",
    "package_id",
    "specialist_id",
    "client_id",
    "rate_id",
    "name",
    "session_count",
    "credits_left",
    "status",
    "activated_at",
    "valid_until",
    "created_at",
)
