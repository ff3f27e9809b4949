"""Accounts beside the platform's own: their adapters, kept for a while, and closed after use."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from consulta.platform.failures import report
from consulta.providers.payments.keys import AccountKeys
from consulta.providers.payments.port import PaymentProvider, ProviderUnavailable
from consulta.providers.payments.registry import ProviderNotConfigured

ACCOUNTS_MAX = 256
FRESH_SECONDS = 5.0
_PATIENT_READS = 5

ReadKeys = Callable[[str, str], Awaitable[AccountKeys | None]]
"""Provider and account; None where there is no such account. Raises `ProviderNotConfigured` where
its keys may not or cannot be used here."""

Build = Callable[[AccountKeys, str], PaymentProvider]
"""Keys and account."""

_Name = tuple[str, str]


class AccountUnknown(ProviderNotConfigured):
    """There is no such account at this payment provider."""

    code = "PAYMENT_ACCOUNT_UNKNOWN"


@dataclass(slots=True, repr=False)
class _Entry:
    provider: PaymentProvider
    keys: AccountKeys
    read_at: float
    users: int = 0
    is_retired: bool = False


class Accounts:
    """Lends the adapter of an account, with keys that were read at most `FRESH_SECONDS` ago.

    At most `ACCOUNTS_MAX` are kept. Several who ask at once share one reading. An adapter whose
    keys have changed, or that fell out, is closed when its last borrower has given it back.
    """

    def __init__(
        self, read: ReadKeys, build: Build, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read, self._build, self._clock = read, build, clock
        self._entries: OrderedDict[_Name, _Entry] = OrderedDict()
        self._readings: dict[_Name, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def lent(self, provider: str, account: str) -> AsyncIterator[PaymentProvider]:
        """The adapter of that account, open until it is given back. Raises `AccountUnknown`,
        `ProviderNotConfigured`, and what reading the keys raises.
        """
        entry = await self._fresh((provider, account))
        entry.users += 1
        try:
            yield entry.provider
        finally:
            entry.users -= 1
            await _close_if_done(entry)

    def forget(self, provider: str, account: str) -> None:
        """The keys have changed: whoever asks from now on gets the new ones."""
        entry = self._entries.get((provider, account))
        if entry is not None:
            entry.read_at = -math.inf
        # A reading that is under way may have seen the old ones.
        self._readings.pop((provider, account), None)

    async def close(self) -> None:
        """Every adapter is closed, or will be when its last borrower is done."""
        await asyncio.gather(*self._readings.values(), return_exceptions=True)
        kept, self._entries = list(self._entries.values()), OrderedDict()
        await _retire(kept)

    async def _fresh(self, name: _Name) -> _Entry:
        for _ in range(_PATIENT_READS):
            entry = self._entries.get(name)
            if entry is not None and self._clock() - entry.read_at < FRESH_SECONDS:
                self._entries.move_to_end(name)
                return entry
            # Whoever gives up waiting does not take the reading away from the others.
            await asyncio.shield(self._reading(name))
        raise ProviderUnavailable("The account's keys change faster than they can be read.")

    def _reading(self, name: _Name) -> asyncio.Task[None]:
        reading = self._readings.get(name)
        if reading is None:
            reading = asyncio.create_task(self._read_anew(name))
            self._readings[name] = reading
            reading.add_done_callback(lambda done: self._done(name, done))
        return reading

    def _done(self, name: _Name, reading: asyncio.Task[None]) -> None:
        if self._readings.get(name) is reading:
            del self._readings[name]
        if not reading.cancelled():
            reading.exception()  # Seen, even where everybody who waited for it has gone.

    async def _read_anew(self, name: _Name) -> None:
        begun = self._clock()
        keys = await self._read(*name)
        if self._readings.get(name) is not asyncio.current_task():
            return  # Forgotten meanwhile: whoever waits reads once more.
        known = self._entries.get(name)
        if known is not None and known.keys == keys:
            known.read_at = begun
            return
        # What has changed is exchanged in one step; only then is anything waited for.
        gone = [self._entries.pop(name)] if known is not None else []
        if keys is not None:
            self._entries[name] = _Entry(self._build(keys, name[1]), keys, begun)
            while len(self._entries) > ACCOUNTS_MAX:
                gone.append(self._entries.popitem(last=False)[1])
        await _retire(gone)
        if keys is None:
            raise AccountUnknown(provider=name[0])


async def _retire(entries: Iterable[_Entry]) -> None:
    for entry in entries:
        entry.is_retired = True
        await _close_if_done(entry)


async def _close_if_done(entry: _Entry) -> None:
    if not entry.is_retired or entry.users:
        return
    try:
        await entry.provider.close()
    except Exception as failure:  # noqa: BLE001  whoever was served must not pay for it
        report(failure, during="payment accounts")
