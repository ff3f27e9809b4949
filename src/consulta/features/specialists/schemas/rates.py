"""Bodies and answers about rates."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from consulta.features.specialists.bodies import PriceBody
from consulta.platform.http.schema import Answer, Blankable, Body, MoneyOut, Text

_RATE_FIELDS = ("id", "kind", "name", "description", "duration_minutes", "is_active")


class RateCreate(Body):
    """A bookable kind of session: `standard`, `followup`, or one of your own."""

    kind: str = Field("standard", pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["standard"])
    name: Annotated[Annotated[Text, Field(min_length=1, max_length=120)] | None, Blankable] = None
    description: Annotated[Annotated[Text, Field(max_length=2000)] | None, Blankable] = None
    price: PriceBody
    duration_minutes: int | None = Field(
        None, ge=5, le=1440, description="Null: as long as the slots of the week are."
    )


class RatePatch(Body):
    """What changes of a rate; bookings keep the price that they were made at."""

    name: Annotated[Annotated[Text, Field(min_length=1, max_length=120)] | None, Blankable] = None
    description: Annotated[Annotated[Text, Field(max_length=2000)] | None, Blankable] = None
    price: PriceBody | None = None
    duration_minutes: int | None = Field(None, ge=5, le=1440)
    is_active: bool | None = None


class RateOut(Answer):
    id: UUID
    kind: str
    name: str
    description: str | None
    price: MoneyOut
    duration_minutes: int | None
    is_active: bool

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        price = MoneyOut(amount_minor=row["price_minor"], currency=row["currency"])
        return cls(**{name: row[name] for name in _RATE_FIELDS}, price=price)


class RatesOut(Answer):
    items: list[RateOut]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Self:
        return cls(items=[RateOut.of(row) for row in rows])
