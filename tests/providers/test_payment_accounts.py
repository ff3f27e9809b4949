"""Accounts beside the platform's own: lent with fresh keys, read once, closed after use."""

import asyncio
from collections import Counter

import pytest

from consulta.providers.payments import accounts
from consulta.providers.payments.accounts import Accounts, AccountUnknown
from consulta.providers.payments.keys import AccountKeys, StripeKeys
from consulta.providers.payments.manual import ManualProvider
from consulta.providers.payments.port import PaymentProvider, ProviderUnavailable
from consulta.providers.payments.registry import PaymentProviders, ProviderNotConfigured


class Adapter(ManualProvider):
    """Knows its keys, and whether it was closed."""

    def __init__(self, keys: AccountKeys, *, fails: bool = False) -> None:
        assert isinstance(keys, StripeKeys)
        self.key, self.is_closed, self._fails = keys.secret_key, False, fails

    async def close(self) -> None:
        self.is_closed = True
        if self._fails:
            raise OSError("the connection would not close")


class Shelf:
    """The keys as the database has them, and how often they were read."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.reads: Counter[str] = Counter()
        self.built: list[Adapter] = []
        self.seconds = 0.0
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails = False
        self.accounts = Accounts(self.read, self.build, clock=lambda: self.seconds)

    async def read(self, _provider: str, account: str) -> AccountKeys | None:
        self.reads[account] += 1
        key = self.keys.get(account)
        await self.gate.wait()
        return StripeKeys(key, "pk", ()) if key is not None else None

    def build(self, keys: AccountKeys, _account: str) -> PaymentProvider:
        self.built.append(Adapter(keys, fails=self.fails))
        return self.built[-1]

    async def key_of(self, account: str) -> str:
        async with self.accounts.lent("stripe", account) as adapter:
            assert isinstance(adapter, Adapter)
            await asyncio.sleep(0)
            assert not adapter.is_closed
            return adapter.key


@pytest.fixture
def shelf() -> Shelf:
    made = Shelf()
    made.keys["anna"] = "one"
    return made


async def test_keys_are_read_again_after_five_seconds(shelf: Shelf) -> None:
    assert [await shelf.key_of("anna"), await shelf.key_of("anna")] == ["one", "one"]
    shelf.keys["anna"] = "two"
    shelf.seconds = 4.9
    assert await shelf.key_of("anna") == "one"
    shelf.seconds = 5.0
    assert await shelf.key_of("anna") == "two"
    assert shelf.reads["anna"] == 2
    assert [adapter.is_closed for adapter in shelf.built] == [True, False]


async def test_an_adapter_outlives_readings_that_find_the_same_keys(shelf: Shelf) -> None:
    for seconds in range(0, 60, 6):
        shelf.seconds = seconds
        await shelf.key_of("anna")
    assert shelf.reads["anna"] == 10
    assert len(shelf.built) == 1


async def test_many_who_ask_at_once_share_one_reading(shelf: Shelf) -> None:
    shelf.gate.clear()
    asking = [asyncio.create_task(shelf.key_of("anna")) for _ in range(50)]
    await asyncio.sleep(0)
    asking[0].cancel()  # Its going away disturbs nobody.
    await asyncio.sleep(0)
    shelf.gate.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert found[1:] == ["one"] * 49
    assert isinstance(found[0], asyncio.CancelledError)
    assert shelf.reads["anna"] == 1


async def test_a_change_here_is_seen_at_once_also_by_a_reading_under_way(shelf: Shelf) -> None:
    assert await shelf.key_of("anna") == "one"
    shelf.keys["anna"] = "two"
    shelf.accounts.forget("stripe", "anna")
    assert await shelf.key_of("anna") == "two"

    shelf.seconds = 6
    shelf.gate.clear()
    asking = asyncio.create_task(shelf.key_of("anna"))
    await asyncio.sleep(0.01)  # It has read the keys of before.
    shelf.keys["anna"] = "three"
    shelf.accounts.forget("stripe", "anna")
    shelf.gate.set()
    assert await asking == "three"


async def test_whoever_has_borrowed_goes_on_with_what_he_has(shelf: Shelf) -> None:
    async with shelf.accounts.lent("stripe", "anna") as adapter:
        shelf.keys["anna"] = "two"
        shelf.accounts.forget("stripe", "anna")
        assert await shelf.key_of("anna") == "two"
        assert isinstance(adapter, Adapter)
        assert not adapter.is_closed
    assert adapter.is_closed


async def test_no_more_are_kept_than_there_may_be(shelf: Shelf) -> None:
    names = [f"account-{number}" for number in range(accounts.ACCOUNTS_MAX + 20)]
    shelf.keys |= {name: f"key of {name}" for name in names}
    for name in names:
        assert await shelf.key_of(name) == f"key of {name}"
    standing = [adapter for adapter in shelf.built if not adapter.is_closed]
    assert len(standing) == accounts.ACCOUNTS_MAX
    assert standing[-1].key == f"key of {names[-1]}"
    await shelf.accounts.close()
    assert all(adapter.is_closed for adapter in shelf.built)


async def test_an_account_that_is_not_there_is_not_remembered(shelf: Shelf) -> None:
    for _ in range(3):
        with pytest.raises(AccountUnknown):
            await shelf.key_of("nobody")
    assert shelf.reads["nobody"] == 3
    del shelf.keys["anna"]
    with pytest.raises(AccountUnknown):
        await shelf.key_of("anna")


async def test_an_account_that_has_gone_is_not_served_from_memory(shelf: Shelf) -> None:
    await shelf.key_of("anna")
    del shelf.keys["anna"]
    shelf.seconds = 6
    with pytest.raises(AccountUnknown):
        await shelf.key_of("anna")
    assert shelf.built[0].is_closed


async def test_an_adapter_that_does_not_close_costs_nobody_anything(shelf: Shelf) -> None:
    shelf.fails = True
    await shelf.key_of("anna")
    shelf.keys["anna"] = "two"
    shelf.accounts.forget("stripe", "anna")
    assert await shelf.key_of("anna") == "two"
    await shelf.accounts.close()
    assert [adapter.is_closed for adapter in shelf.built] == [True, True]


async def test_keys_that_never_stand_still_are_given_up(shelf: Shelf) -> None:
    async def read(_provider: str, _account: str) -> AccountKeys | None:
        restless.forget("stripe", "anna")
        return StripeKeys("one", "pk", ())

    restless = Accounts(read, shelf.build, clock=lambda: 0.0)
    with pytest.raises(ProviderUnavailable):
        async with restless.lent("stripe", "anna"):
            raise AssertionError
    assert shelf.built == []


async def test_the_register_finds_by_name_and_account(shelf: Shelf) -> None:
    manual = ManualProvider()
    providers = PaymentProviders({"manual": manual}, default="manual", accounts=shelf.accounts)
    async with providers.of("manual", "") as own:
        assert own is manual
    async with providers.of("stripe", "anna") as other:
        assert isinstance(other, Adapter)
    with pytest.raises(ProviderNotConfigured):
        async with providers.of("stripe", ""):
            raise AssertionError
    await providers.close()
    assert other.is_closed

    alone = PaymentProviders({"manual": manual}, default="manual")
    with pytest.raises(ProviderNotConfigured):
        async with alone.of("manual", "anna"):
            raise AssertionError
