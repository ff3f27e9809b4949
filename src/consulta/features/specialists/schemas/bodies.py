"""What a specialist says about the own page."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from consulta.features.specialists.rules import (
    MOST_TIERS,
    CancellationPolicy,
    Tier,
    is_descending,
    tiers_of,
)
from consulta.platform.http.schema import (
    Blankable,
    Body,
    Email,
    HttpsUrl,
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


class SpecialistPatch(Body):
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
    payment_provider: Annotated[
        Literal["stripe", "razorpay", "paytabs", "manual"] | None, Blankable
    ] = None
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


class SpecialistPut(SpecialistPatch):
    """A whole page: what is not said goes back to its default."""

    full_name: ShortText
    time_zone: TimeZone
