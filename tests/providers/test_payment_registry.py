"""The register of payment providers."""

from datetime import UTC, datetime

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.manual import ManualProvider
from consulta.providers.payments.port import (
    PaymentProvider,
)
from consulta.providers.payments.registry import PaymentProviders, ProviderNotConfigured
from consulta.providers.payments.sandbox import SandboxProvider
from consulta.providers.payments.sandbox_store import MemorySandboxStore

PRICE = Money(20_000, "USD")
SECRET = "sandbox-secret"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Closing(ManualProvider):
    def __init__(self, *, fails: bool = False) -> None:
        self.fails, self.closed = fails, False

    async def close(self) -> None:
        self.closed = True
        if self.fails:
            raise OSError("the connection would not close")


def test_a_provider_is_found_by_name() -> None:
    sandbox = SandboxProvider(store=MemorySandboxStore(), secret="sandbox-secret")
    manual = ManualProvider()
    providers = PaymentProviders({"sandbox": sandbox, "manual": manual}, default="manual")
    expected: list[PaymentProvider] = [sandbox, manual, manual]
    assert [providers.get("sandbox"), providers.get("manual"), providers.default] == expected
    assert providers.names == {"sandbox", "manual"}
    with pytest.raises(ProviderNotConfigured) as missing:
        providers.get("stripe")
    assert missing.value.facts == {"provider": "stripe"}


def test_the_default_has_to_be_there() -> None:
    with pytest.raises(ValueError, match="default"):
        PaymentProviders({"manual": ManualProvider()}, default="stripe")


async def test_all_are_closed_although_one_fails() -> None:
    first, last = Closing(fails=True), Closing()
    providers = PaymentProviders({"first": first, "last": last}, default="last")
    with pytest.raises(ExceptionGroup):
        await providers.close()
    assert first.closed
    assert last.closed
    last.closed = False
    await PaymentProviders({"last": last}, default="last").close()
    assert last.closed
