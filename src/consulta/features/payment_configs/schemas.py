"""Bodies and answers about payment configs. Keys come in as secrets, and are in no answer."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr

from consulta.features.payment_configs.rules import Offered, are_live
from consulta.platform.http.schema import Answer, Body
from consulta.providers.payments.adapters import Reach

Provider = Literal["stripe", "razorpay", "paytabs"]
Region = Literal["ARE", "SAU", "EGY", "OMN", "JOR", "KWT", "IRQ", "MAR", "QAT", "GLOBAL"]
IsSameAccount = Annotated[
    bool | None,
    Field(
        description="Whether these are new keys of the account that is active now. Null: its"
        " public part tells (the publishable key, the key id, or profile and region)."
    ),
]


def _shaped(pattern: str) -> Callable[[SecretStr], SecretStr]:
    shape = re.compile(pattern)

    def check(value: SecretStr) -> SecretStr:
        if shape.fullmatch(value.get_secret_value()) is None:
            raise ValueError("does not look like this provider's key")
        return value

    return check


StripeSecret = Annotated[
    SecretStr, AfterValidator(_shaped(r"[sr]k_(test|live)_[A-Za-z0-9_]{4,200}"))
]
"""A secret key, or one that is restricted."""
StripePublic = Annotated[str, Field(pattern=r"^pk_(test|live)_[A-Za-z0-9_]{4,200}$")]
StripeSigning = Annotated[SecretStr, AfterValidator(_shaped(r"whsec_[A-Za-z0-9+/=_-]{8,200}"))]
RazorpayKeyId = Annotated[str, Field(pattern=r"^rzp_(test|live)_[A-Za-z0-9]{4,60}$")]
PlainSecret = Annotated[SecretStr, AfterValidator(_shaped(r"[\x21-\x7e]{12,200}"))]
ServerKey = Annotated[SecretStr, AfterValidator(_shaped(r"[A-Za-z0-9-]{16,200}"))]


class StripeConfigPut(Body):
    """The keys of a Stripe account. All are live, or all are for tests."""

    secret_key: StripeSecret
    publishable_key: StripePublic
    webhook_secret: StripeSigning
    is_same_account: IsSameAccount = None

    def offered(self) -> Offered:
        """Raises `PaymentKeysMixed`."""
        secret_key = self.secret_key.get_secret_value()
        return Offered(
            "stripe",
            are_live(secret_key, self.publishable_key),
            publishable_key=self.publishable_key,
            secrets={
                "secret_key": secret_key,
                "webhook_secret": self.webhook_secret.get_secret_value(),
            },
        )


class RazorpayConfigPut(Body):
    """The keys of a Razorpay account; the id of the key says whether it is live."""

    key_id: RazorpayKeyId
    key_secret: PlainSecret
    webhook_secret: PlainSecret
    is_same_account: IsSameAccount = None

    def offered(self) -> Offered:
        return Offered(
            "razorpay",
            are_live(self.key_id),
            publishable_key=self.key_id,
            secrets={
                "key_secret": self.key_secret.get_secret_value(),
                "webhook_secret": self.webhook_secret.get_secret_value(),
            },
        )


class PayTabsConfigPut(Body):
    """The key of a PayTabs profile. It signs letters, too, and does not say whether it is live."""

    profile_id: int = Field(ge=1, le=2_147_483_647)
    server_key: ServerKey
    region: Region
    is_live: bool
    is_same_account: IsSameAccount = None

    def offered(self) -> Offered:
        return Offered(
            "paytabs",
            self.is_live,
            profile={"profile_id": self.profile_id, "region": self.region},
            secrets={"server_key": self.server_key.get_secret_value()},
        )


_PLAIN = ("id", "provider", "account", "is_live", "is_active", "publishable_key")


class PaymentConfigOut(Answer):
    """An account as it may be shown: its secrets are told apart by their last characters."""

    id: UUID
    provider: Provider
    account: str = Field(description="The part of the webhook's address that tells accounts apart.")
    webhook_url: str = Field(description="Where the provider is to post its events.")
    is_live: bool
    is_active: bool = Field(description="Inactive ones serve the payments that they made.")
    publishable_key: str | None
    profile_id: int | None = None
    region: str | None = None
    hints: dict[str, str] = Field(description="The last four characters of each secret.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any], reach: Reach) -> Self:
        profile = {name: row["hints"].get(name) for name in ("profile_id", "region")}
        return cls(
            **{name: row[name] for name in (*_PLAIN, "created_at", "updated_at")},
            **profile,
            hints={name: end for name, end in row["hints"].items() if name not in profile},
            webhook_url=reach.webhook_url(row["provider"], row["account"]),
        )


class AnyPaymentConfigOut(PaymentConfigOut):
    specialist_id: UUID

    @classmethod
    def of(cls, row: Mapping[str, Any], reach: Reach) -> Self:
        shown = PaymentConfigOut.of(row, reach).model_dump()
        return cls(**shown, specialist_id=row["specialist_id"])


class PaymentConfigsOut(Answer):
    items: list[PaymentConfigOut]
