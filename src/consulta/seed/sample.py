"""What is told about somebody in the sample world: as little as makes them believable."""

from dataclasses import dataclass
from uuid import UUID

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class Inhabitant:
    """Somebody in the sample world, already signed in."""

    id: UUID
    name: str
    token: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A bookable kind of session; the price in minor units, no length: that of the slots."""

    kind: str
    name: str
    price_minor: int
    currency: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """`mon-fri` or `sat`, on the specialist's clock."""

    days: str
    starts_at: str
    ends_at: str
    slot_minutes: int = 30
    buffer_minutes: int = 0
    most_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Differs:
    """A date so many days ahead that differs: away all day, away for hours, or open at others."""

    in_days: int
    reason: str
    starts_at: str | None = None
    ends_at: str | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """Several sessions of the rate `kind` at once, for `price_minor` in the rate's currency."""

    name: str
    kind: str
    sessions: int
    price_minor: int
    discount_percentage: int
    valid_for_days: int | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon: so many percent off, so often for each client."""

    code: str
    percent: int
    most_uses_per_client: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A specialist: page, rates, week and the dates that differ."""

    name: str
    email: str
    phone: str
    zone: str
    headline: str
    bio: str
    specialties: tuple[str, ...]
    languages: tuple[str, ...]
    qualifications: tuple[str, ...]
    rates: tuple[Rate, ...]
    week: tuple[Hours, ...]
    differs: tuple[Differs, ...] = ()
    policy: str = "standard"
    notice_minutes: int = 0
    is_auto_confirming: bool = False
    offers: tuple[Offer, ...] = ()
    discounts: tuple[Discount, ...] = ()
    zoom_link: str | None = None
