"""Bases of request and response bodies, and the field types that all rooms share."""

import re
from datetime import date
from typing import Annotated, Any, TypeVar
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

T = TypeVar("T", bound=date)
_ZONES = frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


# ASCII only, so that "the same address" means the same to Python and to PostgreSQL; names outside
# ASCII have their punycode form.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL_PATTERN = rf"^[A-Za-z0-9.!#$%&'*+/=?^_{{|}}~-]{{1,64}}@(?:{_LABEL}\.){{1,8}}{_LABEL}$"
EMAIL = re.compile(EMAIL_PATTERN)


def _storable(value: str) -> str:
    # PostgreSQL keeps every character but NUL; a lone surrogate is not a character.
    if "\x00" in value:
        raise ValueError("contains a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("contains a lone surrogate") from None
    return value


def _zone(value: str) -> str:
    if value not in _ZONES:
        raise ValueError("is not an IANA time zone name")
    return value


def _sensible(value: T) -> T:
    if not 2000 <= value.year <= 2100:
        raise ValueError("is not of this century")
    return value


def _blank_is_absent(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


Text = Annotated[str, AfterValidator(_storable)]
ShortText = Annotated[Text, Field(min_length=1, max_length=200)]
TimeZone = Annotated[Text, Field(max_length=64), AfterValidator(_zone)]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=EMAIL_PATTERN),
    AfterValidator(str.lower),
]
"""An address in its one spelling: small letters."""
Moment = Annotated[AwareDatetime, AfterValidator(_sensible)]
Day = Annotated[date, AfterValidator(_sensible)]
Blankable = BeforeValidator(_blank_is_absent)
"""Emptied and absent optional fields are the same."""
HttpsUrl = Annotated[
    Text, Field(max_length=2000, pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s@\\]*)?$")
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]


class Body(BaseModel):
    """What comes in: unknown fields are refused, so that nobody writes what he should not."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


def shown_as(**fields: Any) -> ConfigDict:
    """The `model_config` of a body that the documentation shows with these fields and no others, so
    that it can be sent as it is shown.
    """
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Answer(BaseModel):
    """What goes out. An answer that is not as it should be is a bug, which is logged without it."""

    model_config = ConfigDict(from_attributes=True, hide_input_in_errors=True)


class MoneyOut(Answer):
    """An amount in minor units of its currency (D7)."""

    amount_minor: int = Field(examples=[20000])
    currency: Currency


class Problem(Answer):
    """An RFC 9457 problem document. `code` is stable; `detail` may improve."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None

    model_config = ConfigDict(extra="allow")
