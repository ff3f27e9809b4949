"""From the keys of an account to the adapter that speaks with them, over its own client."""

from dataclasses import dataclass

from consulta.providers.payments.keys import AccountKeys, PayTabsKeys, RazorpayKeys, StripeKeys
from consulta.providers.payments.manual import ManualProvider
from consulta.providers.payments.paytabs import PayTabsProvider
from consulta.providers.payments.port import PaymentProvider
from consulta.providers.payments.razorpay import RazorpayProvider
from consulta.providers.payments.sandbox import SandboxProvider
from consulta.providers.payments.stripe import StripeProvider

SAVERS = frozenset(
    adapter.name
    for adapter in (
        StripeProvider,
        RazorpayProvider,
        PayTabsProvider,
        ManualProvider,
        SandboxProvider,
    )
    if adapter.capabilities.saves_methods
)
"""The providers that can save a method, by name."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the vendors are, for how long each may think, and where we are for their letters.

    An address that is None is the vendor's own.
    """

    public_url: str
    timeout_seconds: float
    stripe_base: str | None = None
    razorpay_base: str | None = None
    paytabs_base: str | None = None

    def webhook_url(self, provider: str, account: str = "") -> str:
        """Where letters about that account arrive; without one, those about the platform's."""
        path = f"{provider}/{account}" if account else provider
        return f"{self.public_url.rstrip('/')}/api/webhooks/{path}"

    def return_url(self, provider: str, account: str = "") -> str:
        """Where payers come back to from a page of that provider."""
        path = f"{provider}/{account}" if account else provider
        return f"{self.public_url.rstrip('/')}/api/v1/payments/return/{path}"


def adapter_of(keys: AccountKeys, reach: Reach, *, account: str = "") -> PaymentProvider:
    """The provider that charges the account of these keys, and no other."""
    match keys:
        case StripeKeys():
            return StripeProvider(
                secret_key=keys.secret_key,
                publishable_key=keys.publishable_key,
                webhook_secrets=keys.webhook_secrets,
                api_base=reach.stripe_base,
                timeout_seconds=reach.timeout_seconds,
                account=account,
                return_url=reach.return_url("stripe", account),
            )
        case RazorpayKeys():
            return RazorpayProvider(
                key_id=keys.key_id,
                key_secret=keys.key_secret,
                webhook_secrets=keys.webhook_secrets,
                api_base=reach.razorpay_base,
                return_url=reach.return_url("razorpay", account),
                timeout_seconds=reach.timeout_seconds,
            )
        case PayTabsKeys():
            return PayTabsProvider(
                profile_id=keys.profile_id,
                server_key=keys.server_key,
                region=keys.region,
                former_server_keys=keys.former_server_keys,
                api_base=reach.paytabs_base,
                callback_url=reach.webhook_url("paytabs", account),
                return_url=reach.return_url("paytabs", account),
                timeout_seconds=reach.timeout_seconds,
            )
