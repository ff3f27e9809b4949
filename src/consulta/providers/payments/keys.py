"""The keys of one account at each vendor. They keep out of every representation of themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class StripeKeys:
    secret_key: str
    publishable_key: str
    webhook_secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class RazorpayKeys:
    key_id: str
    key_secret: str
    webhook_secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class PayTabsKeys:
    profile_id: int
    server_key: str
    region: str
    former_server_keys: tuple[str, ...] = ()
    """Letters that were signed with them are still genuine."""


AccountKeys = StripeKeys | RazorpayKeys | PayTabsKeys
