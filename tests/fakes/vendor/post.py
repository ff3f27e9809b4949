"""The post office of a fake: letters to listeners, at once, held, late, twice, or lost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.fakes.stripe.clock import Clock

MOST_LETTERS = 20_000
TIMEOUT_SECONDS = 30.0

Transport = Callable[[str, bytes, dict[str, str]], Awaitable[int]]
"""Takes url, body and headers, and returns the status of the answer."""


@dataclass
class Letter:
    """Every delivery carries the same bytes and the same signature."""

    id: str
    url: str
    body: bytes
    headers: dict[str, str]
    about: str
    state: str = "queued"  # queued | held | delivered | failed | dropped
    due_at: int = 0
    statuses: list[int] = field(default_factory=list)
    """The answers so far; 0 where there was none."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "url": self.url,
            "about": self.about,
            "state": self.state,
            "due_at": self.due_at,
            "statuses": list(self.statuses),
        }


class PostOffice:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.letters: dict[str, Letter] = {}
        self.is_holding = False
        self.copies = 1
        self.delay_seconds = 0
        self.to_drop = 0
        self.transport: Transport | None = None
        """Replaces the HTTP request by a call inside this process."""
        self._client: httpx.AsyncClient | None = None
        self._pump: asyncio.Task[None] | None = None

    def post(self, url: str, body: bytes, headers: dict[str, str], *, about: str) -> None:
        """The letter is on its way; it leaves when the answer that caused it has been given."""
        if len(self.letters) >= MOST_LETTERS:
            raise OverflowError(f"the fake holds no more than {MOST_LETTERS} letters")
        letter = Letter(f"letter_{len(self.letters) + 1}", url, body, headers, about)
        letter.due_at = self.clock.now() + self.delay_seconds
        if self.to_drop:
            self.to_drop -= 1
            letter.state = "dropped"
        elif self.is_holding:
            letter.state = "held"
        self.letters[letter.id] = letter

    def release(self) -> None:
        """Nothing is held any more, and what was held leaves in its order."""
        self.is_holding = False
        for letter in self.letters.values():
            if letter.state == "held":
                letter.state = "queued"

    def kick(self) -> None:
        """What is due leaves in the background, where a loop is running."""
        if self._pump is not None and not self._pump.done():
            return
        with suppress(RuntimeError):
            self._pump = asyncio.get_running_loop().create_task(self._deliver_due())

    async def settled(self) -> None:
        """Every letter that is due has been delivered or has failed."""
        if self._pump is not None:
            await asyncio.gather(self._pump, return_exceptions=True)
        await self._deliver_due()

    async def deliver(self, letter: Letter) -> int:
        """One attempt now, whatever became of it before; the answer's status, 0 for none."""
        letter.state = "failed"
        send = self.transport or self._over_http
        try:
            status = await send(letter.url, letter.body, dict(letter.headers))
        except (httpx.HTTPError, OSError):
            status = 0
        letter.statuses.append(status)
        if 200 <= status < 300:
            letter.state = "delivered"
        return status

    async def close(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _deliver_due(self) -> None:
        while due := self._next_due():
            for _ in range(self.copies):
                await self.deliver(due)

    def _next_due(self) -> Letter | None:
        now = self.clock.now()
        for letter in self.letters.values():
            if letter.state == "queued" and letter.due_at <= now:
                return letter
        return None

    async def _over_http(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS)
        return (await self._client.post(url, content=body, headers=headers)).status_code
