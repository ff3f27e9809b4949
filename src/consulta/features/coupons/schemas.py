"""Bodies and answers about coupons."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from consulta.features.coupons.rules import MOST_AMOUNT_MINOR
from consulta.platform.http.schema import (
    Answer,
    Blankable,
    Body,
    Currency,
    Moment,
    MoneyOut,
    Text,
    shown_as,
)

Kind = Literal["percent", "fixed"]
Code = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$", examples=["SPRING-10"]),
    AfterValidator(str.upper),
]
Description = Annotated[Annotated[Text, Field(max_length=500)] | None, Blankable]
Uses = Annotated[int, Field(ge=1, le=1_000_000)]
UsesPerClient = Annotated[int, Field(ge=1, le=1_000)]


class AmountBody(Body):
    """A positive amount in minor units of its currency (D7)."""

    amount_minor: int = Field(ge=1, le=MOST_AMOUNT_MINOR, examples=[1000])
    currency: Currency


class CouponCreate(Body):
    """A discount by code. `percent` or `amount`, as `kind` says; never more than the price."""

    model_config = shown_as(code="SPRING-10", kind="percent", percent=10, most_uses=100)

    code: Code
    description: Description = None
    kind: Kind
    percent: int | None = Field(None, ge=1, le=100, description="Rounded half up.")
    amount: AmountBody | None = Field(None, description="For sessions in this currency.")
    minimum: AmountBody | None = Field(
        None, description="What the session must cost; the coupon is for this currency then."
    )
    most_uses: Uses | None = Field(None, description="In all; null: no limit.")
    most_uses_per_client: UsesPerClient | None = Field(None, description="Null: no limit.")
    valid_from: Annotated[Moment | None, Blankable] = Field(None, description="Default: now.")
    valid_until: Annotated[Moment | None, Blankable] = Field(
        None, description="The first moment at which it is not valid any more; null: for ever."
    )
    is_active: bool = True

    @model_validator(mode="after")
    def _takes_off_what_it_says(self) -> Self:
        given = {"percent": self.percent, "amount": self.amount}
        wanted = "percent" if self.kind == "percent" else "amount"
        if [name for name, value in given.items() if value is not None] != [wanted]:
            raise ValueError("a coupon has a percent or an amount, as its kind says")
        if self.amount and self.minimum and self.amount.currency != self.minimum.currency:
            raise ValueError("amount and minimum have one currency")
        return self

    @property
    def currency(self) -> str | None:
        """The only currency that it is for; null: any."""
        priced = self.amount or self.minimum
        return priced.currency if priced else None


class HouseCouponCreate(CouponCreate):
    specialist_id: Annotated[UUID | None, Blankable] = Field(
        None, description="Null: a coupon of the house, good at every specialist."
    )


class CouponPatch(Body):
    """The terms of a coupon; code and discount stay as they were given out. Null ends a limit."""

    model_config = shown_as(most_uses=200, is_active=True)

    description: Description = None
    minimum: AmountBody | None = Field(None, description="In the coupon's currency.")
    most_uses: Uses | None = None
    most_uses_per_client: UsesPerClient | None = None
    valid_from: Annotated[Moment | None, Blankable] = None
    valid_until: Annotated[Moment | None, Blankable] = None
    is_active: bool | None = None


_PLAIN = (
    "id",
    "specialist_id",
    "code",
    "description",
    "kind",
    "percent",
    "currency",
    "most_uses",
    "most_uses_per_client",
    "used_count",
    "valid_from",
    "valid_until",
    "is_active",
    "created_at",
    "updated_at",
)


class CouponOut(Answer):
    id: UUID
    specialist_id: UUID | None = Field(description="Null: a coupon of the house.")
    code: str
    description: str | None
    kind: Kind
    percent: int | None
    amount: MoneyOut | None
    currency: str | None = Field(description="The only currency that it is for; null: any.")
    minimum: MoneyOut | None
    most_uses: int | None
    most_uses_per_client: int | None
    used_count: int = Field(description="Uses that stand; what was given back does not count.")
    valid_from: datetime
    valid_until: datetime | None
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            **{name: row[name] for name in _PLAIN},
            amount=_money(row["amount_minor"], row["currency"]),
            minimum=_money(row["minimum_minor"], row["currency"]),
        )


class CouponUsageOut(Answer):
    """One booking that the coupon made cheaper; `returned` where it came to nothing."""

    id: UUID
    booking_id: UUID
    client_id: UUID
    client_name: str | None
    discount: MoneyOut
    state: Literal["used", "returned"]
    created_at: datetime
    returned_at: datetime | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        discount = MoneyOut(amount_minor=row["discount_minor"], currency=row["currency"])
        return cls(**dict(row), discount=discount)


class CouponValidOut(Answer):
    """What the code would take off at this moment."""

    code: str
    kind: Kind
    percent: int | None
    price: MoneyOut
    discount: MoneyOut
    total: MoneyOut
    valid_until: datetime | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        def money(name: str) -> MoneyOut:
            return MoneyOut(amount_minor=row[f"{name}_minor"], currency=row["currency"])

        return cls(
            **{name: row[name] for name in ("code", "kind", "percent", "valid_until")},
            price=money("price"),
            discount=money("discount"),
            total=money("total"),
        )


def _money(amount_minor: int | None, currency: str | None) -> MoneyOut | None:
    if amount_minor is None or currency is None:
        return None
    return MoneyOut(amount_minor=amount_minor, currency=currency)
