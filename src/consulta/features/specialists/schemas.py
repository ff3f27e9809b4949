"""Bodies and answers of the directory and of a specialist's own page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator

from consulta.features.specialists.rules import (
    MOST_TIERS,
    CancellationPolicy,
    Tier,
    is_descending,
    tiers_of,
)
from consulta.platform.http.schema import (
    Answer,
    Blankable,
    Body,
    Email,
    HttpsUrl,
    MoneyOut,
    ShortText,
    Text,
    TimeZone,
)

Label = Annotated[Text, Field(min_length=1, max_length=80)]
Phone = Annotated[str, Field(pattern=r"^\+[0-9]{6,15}$", examples=["+971501234567"])]
Bio = Annotated[Text, Field(max_length=5000)]
Qualification = Annotated[Text, Field(min_length=1, max_length=300)]
MOST_LABELS = 20


def _one_spelling_each(values: Any) -> Any:
    """Labels that differ in capitals alone are one label: the first spelling stays."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return values
    by_key: dict[str, str] = {}
    for value in values:
        by_key.setdefault(value.strip().lower(), value)
    return list(by_key.values())


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Labels = Annotated[list[Label], BeforeValidator(_one_spelling_each), Field(max_length=MOST_LABELS)]


class TierBody(Body):
    """At least so many hours before the start: that percentage comes back."""

    hours_before: int = Field(ge=0, le=8760)
    refund_percent: int = Field(ge=0, le=100)


class PolicyBody(Body):
    """A policy by its name; `custom` brings its tiers, longest notice first."""

    name: CancellationPolicy
    tiers: list[TierBody] | None = Field(None, max_length=MOST_TIERS)

    @model_validator(mode="after")
    def _tiers_fit(self) -> Self:
        given = [Tier(tier.hours_before, tier.refund_percent) for tier in self.tiers or ()]
        if self.name is CancellationPolicy.CUSTOM:
            if not given:
                raise ValueError("a custom policy needs at least one tier")
            if not is_descending(given):
                raise ValueError("tiers run from the longest notice to the shortest")
        # What a page says may be sent back as it is.
        elif given and tuple(given) != tiers_of(self.name, None):
            raise ValueError("only a custom policy has tiers of its own")
        return self

    def columns(self) -> dict[str, Any]:
        is_custom = self.name is CancellationPolicy.CUSTOM
        tiers = [tier.model_dump() for tier in self.tiers or ()] if is_custom else None
        return {"cancellation_policy": str(self.name), "cancellation_tiers": tiers}


Policy = Annotated[PolicyBody, BeforeValidator(_named)]


class PagePatch(Body):
    """What changes of a page; null clears what may be empty, and leaves the rest as it is."""

    full_name: Annotated[ShortText | None, Blankable] = None
    headline: Annotated[ShortText | None, Blankable] = None
    bio: Annotated[Bio | None, Blankable] = None
    qualifications: list[Qualification] | None = Field(None, max_length=50)
    specialties: Labels | None = None
    languages: Labels | None = None
    time_zone: Annotated[TimeZone | None, Blankable] = None
    photo_url: Annotated[HttpsUrl | None, Blankable] = None
    letterhead_url: Annotated[HttpsUrl | None, Blankable] = None
    is_accepting: bool | None = None
    auto_confirm: bool | None = None
    payment_provider: Annotated[Literal["stripe", "manual"] | None, Blankable] = None
    cancellation_policy: Annotated[Policy | None, Blankable] = None
    minimum_notice_minutes: int | None = Field(None, ge=0, le=43_200)
    horizon_days: int | None = Field(None, ge=1, le=730)
    buffer_before_minutes: int | None = Field(None, ge=0, le=240)
    confirmation_hours: int | None = Field(None, ge=1, le=168)
    email: Annotated[Email | None, Blankable] = Field(None, description="Private.")
    phone: Annotated[Phone | None, Blankable] = Field(None, description="Private.")
    verification_documents: list[HttpsUrl] | None = Field(
        None, max_length=20, description="Private: you and an admin alone see them."
    )

    def changes(self) -> dict[str, Any]:
        """Field by field what was sent, the policy as its two columns."""
        sent = self.model_dump(exclude_unset=True, exclude={"cancellation_policy"})
        if self.cancellation_policy is not None:
            sent |= self.cancellation_policy.columns()
        return sent


class PagePut(PagePatch):
    """A whole page: what is not said goes back to its default."""

    full_name: ShortText
    time_zone: TimeZone


class PriceBody(Body):
    """A price in minor units of its currency (D7)."""

    amount_minor: int = Field(ge=0, le=10_000_000_000, examples=[20000])
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["USD"])


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


class RatingOut(Answer):
    """Null as long as nobody has said anything."""

    average: float | None
    count: int


class TierOut(Answer):
    hours_before: int
    refund_percent: int


class PolicyOut(Answer):
    """With less notice than the last tier asks for, nothing comes back."""

    name: CancellationPolicy
    tiers: list[TierOut]


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


class CardOut(Answer):
    """A specialist as the directory lists them."""

    id: UUID
    full_name: str
    headline: str | None
    specialties: list[str]
    languages: list[str]
    time_zone: str
    photo_url: str | None
    rating: RatingOut
    from_price: MoneyOut | None
    next_open_at: datetime | None
    is_accepting: bool

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(**_card(row))


class PageOut(CardOut):
    """A specialist's public page."""

    bio: str | None
    qualifications: list[str]
    letterhead_url: str | None
    is_verified: bool
    cancellation_policy: PolicyOut
    minimum_notice_minutes: int
    horizon_days: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(**_page(row))


class OwnPageOut(PageOut):
    """The own page: private contacts and settings beside what everybody sees."""

    verified_at: datetime | None
    auto_confirm: bool
    payment_provider: str | None
    buffer_before_minutes: int
    confirmation_hours: int
    email: str | None
    phone: str | None
    verification_documents: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(**_page(row), **{name: row[name] for name in _OWN_FIELDS})


_RATE_FIELDS = ("id", "kind", "name", "description", "duration_minutes", "is_active")
_CARD_FIELDS = (
    "id",
    "full_name",
    "headline",
    "specialties",
    "languages",
    "time_zone",
    "photo_url",
    "next_open_at",
    "is_accepting",
)
_PAGE_FIELDS = (
    "bio",
    "qualifications",
    "letterhead_url",
    "is_verified",
    "minimum_notice_minutes",
    "horizon_days",
)
_OWN_FIELDS = tuple(OwnPageOut.model_fields.keys() - PageOut.model_fields.keys())


def _card(row: Mapping[str, Any]) -> dict[str, Any]:
    price = row["from_price_minor"]
    return {name: row[name] for name in _CARD_FIELDS} | {
        "rating": RatingOut(average=row["rating_average"], count=row["rating_count"]),
        "from_price": None
        if price is None
        else MoneyOut(amount_minor=price, currency=row["from_currency"]),
    }


def _page(row: Mapping[str, Any]) -> dict[str, Any]:
    tiers = tiers_of(row["cancellation_policy"], row["cancellation_tiers"])
    policy = PolicyOut(
        name=row["cancellation_policy"], tiers=[TierOut.model_validate(t) for t in tiers]
    )
    return _card(row) | {name: row[name] for name in _PAGE_FIELDS} | {"cancellation_policy": policy}
