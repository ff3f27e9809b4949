"""What bodies and answers of other rooms carry as it is: a price, a tier."""

from pydantic import Field

from consulta.platform.http.schema import Answer, Body


class PriceBody(Body):
    """A price in minor units of its currency (D7)."""

    amount_minor: int = Field(ge=0, le=10_000_000_000, examples=[20000])
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["USD"])


class TierOut(Answer):
    """At least so many hours before the start: that share of what was paid."""

    hours_before: int
    refund_percent: int
