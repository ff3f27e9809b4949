"""The payment providers that this installation has, by name and account: joined by the wiring."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from consulta.kernel.errors import Unavailable
from consulta.providers.payments.port import PaymentProvider


class ProviderNotConfigured(Unavailable):
    """Payments by this provider are not set up here."""

    code = "PAYMENT_PROVIDER_NOT_CONFIGURED"


class OtherAccounts(Protocol):
    """Accounts beside the platform's own (`accounts.py`)."""

    def lent(self, provider: str, account: str) -> AbstractAsyncContextManager[PaymentProvider]: ...

    async def close(self) -> None: ...


class PaymentProviders:
    """Finds a provider by the name and the account that a payment carries. It owns them, and
    closes them.
    """

    def __init__(
        self,
        providers: Mapping[str, PaymentProvider],
        *,
        default: str,
        accounts: OtherAccounts | None = None,
    ) -> None:
        if default not in providers:
            raise ValueError("the default payment provider is not among those configured")
        self._providers = dict(providers)
        self._default = default
        self._accounts = accounts

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._providers)

    @property
    def default(self) -> PaymentProvider:
        """The one for payments whose specialist has chosen none."""
        return self._providers[self._default]

    def get(self, name: str) -> PaymentProvider:
        """The one with the platform's own keys. Raises `ProviderNotConfigured` for a name that is
        not among them.
        """
        provider = self._providers.get(name)
        if provider is None:
            raise ProviderNotConfigured(provider=name)
        return provider

    @asynccontextmanager
    async def of(self, name: str, account: str) -> AsyncIterator[PaymentProvider]:
        """The provider that charges exactly that account, usable inside the block; an empty name
        of an account is the platform's own.

        Raises `ProviderNotConfigured`, and what reading the account's keys raises.
        """
        if not account:
            yield self.get(name)
            return
        if self._accounts is None:
            raise ProviderNotConfigured(provider=name)
        async with self._accounts.lent(name, account) as provider:
            yield provider

    async def close(self) -> None:
        """All are closed, also where one of them fails to; the failures are raised together."""
        failures: list[Exception] = []
        closings = [provider.close for provider in self._providers.values()]
        if self._accounts is not None:
            closings.append(self._accounts.close)
        for close in closings:
            try:
                await close()
            except Exception as failure:  # noqa: BLE001  the others have to be closed, too
                failures.append(failure)
        if failures:
            raise ExceptionGroup("payment providers did not close", failures)
