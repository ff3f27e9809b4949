"""The payment providers that this installation has, by name: built once, by the wiring."""

from collections.abc import Mapping

from consulta.kernel.errors import Unavailable
from consulta.providers.payments.port import PaymentProvider


class ProviderNotConfigured(Unavailable):
    """Payments by this provider are not set up here."""

    code = "PAYMENT_PROVIDER_NOT_CONFIGURED"


class PaymentProviders:
    """Finds a provider by the name that a payment carries. It owns them, and closes them."""

    def __init__(self, providers: Mapping[str, PaymentProvider], *, default: str) -> None:
        if default not in providers:
            raise ValueError("the default payment provider is not among those configured")
        self._providers = dict(providers)
        self._default = default

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._providers)

    @property
    def default(self) -> PaymentProvider:
        """The one for payments whose specialist has chosen none."""
        return self._providers[self._default]

    def get(self, name: str) -> PaymentProvider:
        """Raises `ProviderNotConfigured` for a name that is not among them."""
        provider = self._providers.get(name)
        if provider is None:
            raise ProviderNotConfigured(provider=name)
        return provider

    async def close(self) -> None:
        """All are closed, also where one of them fails to; the failures are raised together."""
        failures: list[Exception] = []
        for provider in self._providers.values():
            try:
                await provider.close()
            except Exception as failure:  # noqa: BLE001  the others have to be closed, too
                failures.append(failure)
        if failures:
            raise ExceptionGroup("payment providers did not close", failures)
