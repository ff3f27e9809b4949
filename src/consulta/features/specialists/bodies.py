"""What bodies of other rooms carry as it is: a price."""

from pydantic import Field

from consulta.platform.http.schema import Body


class PriceBody(Body):
    """A price in minor units of its currency (D7)."""

    amount_minor: int = Field(ge=0, le=10_000_000_000, examples=[20000])
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["USD"])
