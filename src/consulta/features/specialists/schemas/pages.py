"""A specialist as others see them, and as they see themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from consulta.features.specialists.bodies import TierOut
from consulta.features.specialists.rules import CancellationPolicy, tiers_of
from consulta.platform.http.schema import Answer, MoneyOut


class RatingOut(Answer):
    """Null as long as nobody has said anything."""

    average: float | None
    count: int


class PolicyOut(Answer):
    """With less notice than the last tier asks for, nothing comes back."""

    name: CancellationPolicy
    tiers: list[TierOut]


class SpecialistCard(Answer):
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


class SpecialistOut(SpecialistCard):
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


class OwnSpecialistOut(SpecialistOut):
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
_OWN_FIELDS = tuple(OwnSpecialistOut.model_fields.keys() - SpecialistOut.model_fields.keys())


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
