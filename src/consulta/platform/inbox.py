"""Inbox: letters from providers, stored once, claimed with a lease, settled or tried again with
growing gaps, and at last parked.

Who a letter is from and what it means is not known here: a handler does that, and settles the
letter in its own transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from consulta.kernel.actor import Actor
from consulta.kernel.errors import Unavailable
from consulta.platform.db.work import Database, Work
from consulta.platform.failures import alert, code_of, report, with_jitter

GAPS_SECONDS = (1, 5, 30, 120, 600, 3_600, *([21_600] * 4), *([43_200] * 4))
"""Waits between attempts: fifteen attempts over three days, as long as providers try themselves."""

MOST_ATTEMPTS = len(GAPS_SECONDS) + 1
LEASE_SECONDS = 120
HANDLER_SECONDS = 60
MOST_AT_ONCE = 4
_ACTOR = Actor.system("inbox")


class LetterState(StrEnum):
    """`ignored` is for letters that mean nothing to us; `parked` ones wait for a person."""

    RECEIVED = "received"
    LEASED = "leased"
    DONE = "done"
    IGNORED = "ignored"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is stored of a letter; `body` is already reduced to what is nobody's secret."""

    provider: str
    event_id: str
    kind: str
    account: str = ""
    charge_reference: str | None = None
    payment_id: UUID | None = None
    livemode: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in hand. Whoever settles it must still hold its fence."""

    id: UUID
    provider: str
    account: str
    kind: str
    charge_reference: str | None
    payment_id: UUID | None
    livemode: bool
    attempts: int
    fence: int
    received_at: datetime


LetterHandler = Callable[[Letter], Awaitable[None]]


class LetterTaken(Unavailable):
    """Somebody else has this letter in hand by now."""

    code = "LETTER_TAKEN"


_RECORD = """
INSERT INTO app.webhook_events
    (provider, account, event_id, kind, charge_reference, payment_id, livemode, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (provider, account, event_id) DO NOTHING
"""

# A process that dies in the middle leaves a lapsed lease; a letter that kills every one is parked.
_PARK_LAPSED = """
UPDATE app.webhook_events
SET state = 'parked', fence = fence + 1, lease_until = NULL, settled_at = app.now(),
    last_error = coalesce(last_error, 'LEASE_LAPSED')
WHERE state = 'leased' AND lease_until <= app.now() AND attempts >= $1
"""

_CLAIM = """
WITH due AS (
    SELECT id FROM app.webhook_events
    WHERE state IN ('received', 'leased') AND next_attempt_at <= app.now()
      AND (lease_until IS NULL OR lease_until <= app.now())
    ORDER BY next_attempt_at, id
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
UPDATE app.webhook_events e
SET state = 'leased', lease_until = app.now() + $2::interval, fence = fence + 1,
    attempts = attempts + 1
FROM due WHERE e.id = due.id
RETURNING e.id, e.provider, e.account, e.kind, e.charge_reference, e.payment_id, e.livemode,
          e.attempts, e.fence, e.received_at
"""

_SETTLE = """
UPDATE app.webhook_events
SET state = $3, last_error = $4, lease_until = NULL, settled_at = app.now()
WHERE id = $1 AND fence = $2 AND state = 'leased'
"""

_RETRY = """
UPDATE app.webhook_events
SET state = 'received', last_error = $3, lease_until = NULL,
    next_attempt_at = app.now() + $4::interval
WHERE id = $1 AND fence = $2 AND state = 'leased'
"""

_REPLAY = """
UPDATE app.webhook_events
SET state = 'received', attempts = 0, fence = fence + 1, lease_until = NULL, settled_at = NULL,
    next_attempt_at = app.now()
WHERE id = $1 AND state IN ('parked', 'ignored', 'done')
"""

_PURGE = """
DELETE FROM app.webhook_events
WHERE id IN (
    SELECT id FROM app.webhook_events
    WHERE received_at < app.now() - $1::interval AND state IN ('done', 'ignored')
    ORDER BY received_at LIMIT $2)
"""


class Inbox:
    """The letter-box: `record` in the transaction of the post, `sweep` from a loop."""

    def __init__(self, database: Database, handler: LetterHandler) -> None:
        self._database = database
        self._handler = handler
        self._wake: Callable[[], None] = lambda: None

    def wakes(self, wake: Callable[[], None]) -> None:
        """What `nudge` calls: something that makes the loop run at once."""
        self._wake = wake

    def nudge(self) -> None:
        """A letter has been committed: it is handled now and not at the next tick."""
        self._wake()

    async def record(self, work: Work, arrival: Arrival) -> bool:
        """The letter is stored with the transaction; False if we had it already."""
        recorded = await work.execute(
            _RECORD,
            arrival.provider,
            arrival.account,
            arrival.event_id,
            arrival.kind,
            arrival.charge_reference,
            arrival.payment_id,
            arrival.livemode,
            dict(arrival.body),
        )
        return recorded == 1

    async def claim(self, limit: int) -> list[Letter]:
        """Letters that are due, oldest first, ours for two minutes and nobody else's."""
        async with self._database.work(_ACTOR) as work:
            parked = await work.execute(_PARK_LAPSED, MOST_ATTEMPTS)
            rows = await work.fetch(_CLAIM, limit, timedelta(seconds=LEASE_SECONDS))
        if parked:
            alert("letters are parked", during="inbox", letters=parked, code="LEASE_LAPSED")
        return sorted((Letter(**row) for row in rows), key=lambda letter: letter.id)

    async def settle(
        self, work: Work, letter_id: UUID, fence: int, state: LetterState, error: str | None = None
    ) -> bool:
        """The letter is settled with the transaction; False, and nothing written, where the fence
        has moved on.
        """
        settled = await work.execute(_SETTLE, letter_id, fence, str(state), error)
        return settled == 1

    async def settled(
        self,
        work: Work,
        letter: Letter,
        state: LetterState = LetterState.DONE,
        error: str | None = None,
    ) -> None:
        """The same for a handler. Raises `LetterTaken`, so that what it did is rolled back."""
        if not await self.settle(work, letter.id, letter.fence, state, error):
            raise LetterTaken

    async def sweep(self, limit: int = 50) -> int:
        """Letters that were due have been handled, or will be tried again; how many there were.

        If that is `limit`, there may be more.
        """
        letters = await self.claim(limit)
        places = asyncio.Semaphore(MOST_AT_ONCE)

        async def handle(letter: Letter) -> None:
            async with places:
                await self._handle(letter)

        async with asyncio.TaskGroup() as group:
            for letter in letters:
                group.create_task(handle(letter))
        return len(letters)

    async def replay(self, letter_id: UUID) -> bool:
        """A settled or parked letter is due again, with all its attempts; else False."""
        async with self._database.work(_ACTOR) as work:
            return await work.execute(_REPLAY, letter_id) == 1

    async def purge(self, *, older_than: timedelta, limit: int = 5_000) -> int:
        """Settled letters of that age are gone, at most `limit`; parked ones stay."""
        async with self._database.work(_ACTOR) as work:
            return await work.execute(_PURGE, older_than, limit)

    async def _handle(self, letter: Letter) -> None:
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                await self._handler(letter)
        except LetterTaken as error:
            report(error, during="inbox", letter=letter.id)
        except Exception as error:  # noqa: BLE001 - the boundary of a letter
            await self._later(letter, error)

    async def _later(self, letter: Letter, error: Exception) -> None:
        """Tried again after a gap that grows, or parked after the last one."""
        code = code_of(error)
        report(error, during="inbox", letter=letter.id, kind=letter.kind, attempts=letter.attempts)
        async with self._database.work(_ACTOR) as work:
            if letter.attempts >= MOST_ATTEMPTS:
                await self.settle(work, letter.id, letter.fence, LetterState.PARKED, code)
                alert("a letter is parked", during="inbox", letter=letter.id, kind=letter.kind)
            else:
                gap = timedelta(seconds=with_jitter(GAPS_SECONDS[letter.attempts - 1]))
                await work.execute(_RETRY, letter.id, letter.fence, code, gap)
