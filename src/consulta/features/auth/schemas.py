"""Bodies and answers of signing up and signing in."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, SecretStr

from consulta.platform.auth.passwords import MOST_CHARACTERS
from consulta.platform.http.schema import Answer, Body, Email, ShortText, TimeZone


def _storable(value: SecretStr) -> SecretStr:
    plain = value.get_secret_value()
    if "\x00" in plain or any("\ud800" <= letter <= "\udfff" for letter in plain):
        raise ValueError("contains what is no character")
    return value


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


Password = Annotated[
    SecretStr, Field(min_length=1, max_length=MOST_CHARACTERS), AfterValidator(_storable)
]
FullName = Annotated[ShortText, BeforeValidator(_stripped)]


class _Credentials(Body):
    # A password counts as it is: white space at its ends is part of it.
    model_config = ConfigDict(str_strip_whitespace=False)

    email: Email = Field(examples=["anna@example.com"])
    password: Password


class Registration(_Credentials):
    """A new account. Admins are made by admins, never by registration."""

    full_name: FullName = Field(examples=["Anna Weber"])
    role: Literal["client", "specialist"] = "client"
    time_zone: TimeZone = Field("UTC", examples=["Europe/Berlin"])


class Login(_Credentials):
    """An address and its password."""


class Refresh(Body):
    """The refresh token that came last."""

    refresh_token: SecretStr = Field(min_length=1, max_length=200)


class Forgotten(Body):
    """The address of an account, if there is one."""

    email: Email = Field(examples=["anna@example.com"])


_Token = Annotated[SecretStr, Field(min_length=1, max_length=200), AfterValidator(_storable)]


class Reset(Body):
    """The token from the link in the mail, and the password from now on."""

    # A password counts as it is: white space at its ends is part of it.
    model_config = ConfigDict(str_strip_whitespace=False)

    token: _Token
    password: Password


class Verification(Body):
    """The token from the link in the mail."""

    token: _Token


class LetterAskedOut(Answer):
    """The same whether a letter is on its way or not."""

    expires_in: int = Field(description="Seconds for which its link is good.", examples=[3600])


class TokensOut(Answer):
    """A bearer token for `expires_in` seconds, and what buys the next one, once."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token
    expires_in: int = Field(description="Seconds.", examples=[900])


class UserOut(Answer):
    id: UUID
    email: str
    role: str
    full_name: str
    time_zone: str
    created_at: datetime


class RegisteredOut(TokensOut):
    """The new account, already signed in."""

    user: UserOut
