"""Outbox: what must follow a commit is written in the transaction (`work.send`) and delivered from
here, at least once, in the order of the transactions.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database, Work
from consulta.platform.failures import alert, code_of, report, with_jitter

MOST_ATTEMPTS = 12
LEASE_SECONDS = 120
HANDLER_SECONDS = 30
KEPT_FOR = timedelta(days=7)
UNKNOWN_AFTER = timedelta(minutes=5)
"""A topic that this code does not know may belong to a newer replica during a rolling deploy."""

_FIRST_GAP_SECONDS = 5
_LONGEST_GAP_SECONDS = 3_600
_MOST_UNHEARD = 1_000
_ACTOR = Actor.system("outbox")


@dataclass(frozen=True, slots=True)
class Message:
    """What was sent. Its id is the same at every attempt, for those who must not act twice."""

    id: UUID
    topic: str
    payload: Mapping[str, Any]
    attempts: int
    fence: int
    created_at: datetime

    def id_of(self, name: str) -> UUID | None:
        """What the payload names; None where it is no id: somebody may have made it up."""
        try:
            return UUID(self.payload[name])
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


Handler = Callable[[Message], Awaitable[None]]
Listener = Callable[[Work, Message], Awaitable[None]]
"""Writes down what follows from a message: rows, never a call to the outside. May hear the same
message twice."""


def together(database: Database, listeners: Sequence[Listener]) -> Handler:
    """One handler for all of them, in one transaction: they have all heard it, or none has."""

    async def hear(message: Message) -> None:
        async with database.work(_ACTOR) as work:
            for listen in listeners:
                await listen(work, message)

    return hear


@dataclass(slots=True)
class Drained:
    """What one call of `drain` did."""

    delivered: int = 0
    failed: int = 0
    unheard: int = 0
    is_full: bool = False
    """There may be more."""


@dataclass(slots=True)
class _Batch:
    """How the messages of one claim fared; settled together."""

    delivered: list[Message] = field(default_factory=list)
    failed: list[tuple[Message, str]] = field(default_factory=list)
    unstarted: list[Message] = field(default_factory=list)


# Below the oldest transaction that still runs, nothing can appear any more: whoever reads by id
# alone loses the rows of slow transactions (D14).
_IS_VISIBLE = "xid < pg_snapshot_xmin(pg_current_snapshot())"

_PARK_LAPSED = """
UPDATE app.outbox
SET state = 'parked', fence = fence + 1, lease_until = NULL, settled_at = app.now(),
    last_error = coalesce(last_error, 'LEASE_LAPSED')
WHERE state = 'leased' AND lease_until <= app.now() AND attempts >= $1
"""

_CLAIM = f"""
WITH due AS (
    SELECT id FROM app.outbox
    WHERE state IN ('pending', 'leased') AND next_attempt_at <= app.now()
      AND (lease_until IS NULL OR lease_until <= app.now())
      AND topic = ANY($3) AND {_IS_VISIBLE}
    ORDER BY xid, id
    LIMIT $1
    FOR UPDATE SKIP LOCKED),
claimed AS (
    UPDATE app.outbox o
    SET state = 'leased', lease_until = app.now() + $2::interval, fence = fence + 1,
        attempts = attempts + 1
    FROM due WHERE o.id = due.id
    RETURNING o.id, o.topic, o.payload, o.attempts, o.fence, o.created_at, o.xid)
SELECT id, topic, payload, attempts, fence, created_at FROM claimed ORDER BY xid, id
"""

_SETTLE_UNHEARD = f"""
UPDATE app.outbox
SET state = 'done', settled_at = app.now()
WHERE id IN (
    SELECT id FROM app.outbox
    WHERE state = 'pending' AND NOT topic = ANY($1) AND {_IS_VISIBLE}
      AND (topic = ANY($2) OR created_at <= app.now() - $3::interval)
    ORDER BY xid, id
    LIMIT $4
    FOR UPDATE SKIP LOCKED)
"""

_SETTLE = """
UPDATE app.outbox o
SET state = 'done', lease_until = NULL, last_error = NULL, settled_at = app.now()
FROM unnest($1::uuid[], $2::bigint[]) AS d (id, fence)
WHERE o.id = d.id AND o.fence = d.fence AND o.state = 'leased'
"""

_RELEASE = """
UPDATE app.outbox o
SET state = 'pending', lease_until = NULL, attempts = o.attempts - 1
FROM unnest($1::uuid[], $2::bigint[]) AS d (id, fence)
WHERE o.id = d.id AND o.fence = d.fence AND o.state = 'leased'
"""

_FAIL = """
UPDATE app.outbox
SET state = $3, lease_until = NULL, last_error = $4, next_attempt_at = app.now() + $5::interval,
    settled_at = CASE WHEN $3 = 'parked' THEN app.now() END
WHERE id = $1 AND fence = $2 AND state = 'leased'
"""

_REPLAY = """
UPDATE app.outbox
SET state = 'pending', attempts = 0, fence = fence + 1, settled_at = NULL,
    next_attempt_at = app.now()
WHERE id = $1 AND state = 'parked'
"""

_PURGE = """
DELETE FROM app.outbox
WHERE id IN (
    SELECT id FROM app.outbox WHERE state = 'done' AND settled_at < app.now() - $1::interval
    ORDER BY settled_at LIMIT $2)
"""


class Outbox:
    """Who hears which topic. A topic with the handler None is known, and nobody listens to it."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler | None],
        *,
        unknown_after: timedelta = UNKNOWN_AFTER,
    ) -> None:
        self._database = database
        self._handlers = {topic: one for topic, one in handlers.items() if one is not None}
        self._silent = [topic for topic, one in handlers.items() if one is None]
        self._unknown_after = unknown_after
        self._wake: Callable[[], None] = lambda: None

    def wakes(self, wake: Callable[[], None]) -> None:
        """What `nudge` calls: something that makes the loop run at once."""
        self._wake = wake

    def nudge(self) -> None:
        """Messages have been committed: they go out now and not at the next tick."""
        self._wake()

    async def drain(self, limit: int = 100) -> Drained:
        """Up to `limit` due messages have been offered to their handlers, one after the other.

        What fails is tried again with growing gaps and parked after twelve attempts. What no
        handler hears is settled in bulk.
        """
        messages, unheard = await self._claim(limit)
        batch = await self._deliver(messages)
        return Drained(
            delivered=len(batch.delivered),
            failed=len(batch.failed),
            unheard=unheard,
            is_full=len(messages) == limit or unheard == _MOST_UNHEARD,
        )

    async def replay(self, message_id: UUID) -> bool:
        """A parked message is due again, with all its attempts; False if it is not parked."""
        async with self._database.work(_ACTOR) as work:
            return await work.execute(_REPLAY, message_id) == 1

    async def purge(self, *, older_than: timedelta = KEPT_FOR, limit: int = 5_000) -> int:
        """Messages settled that long ago are gone, at most `limit`; parked ones stay."""
        async with self._database.work(_ACTOR) as work:
            return await work.execute(_PURGE, older_than, limit)

    async def _claim(self, limit: int) -> tuple[list[Message], int]:
        heard = list(self._handlers)
        async with self._database.work(_ACTOR) as work:
            parked = await work.execute(_PARK_LAPSED, MOST_ATTEMPTS)
            unheard = await work.execute(
                _SETTLE_UNHEARD, heard, self._silent, self._unknown_after, _MOST_UNHEARD
            )
            rows = await work.fetch(_CLAIM, limit, timedelta(seconds=LEASE_SECONDS), heard)
        if parked:
            alert("messages are parked", during="outbox", messages=parked, code="LEASE_LAPSED")
        return [Message(**row) for row in rows], unheard

    async def _deliver(self, messages: list[Message]) -> _Batch:
        """Each message is offered while there is time left for it under the lease."""
        batch = _Batch()
        last_start = time.monotonic() + LEASE_SECONDS - 2 * HANDLER_SECONDS
        waiting = list(messages)
        try:
            while waiting and time.monotonic() < last_start:
                await self._offer(waiting[0], batch)
                del waiting[0]
        finally:
            batch.unstarted = waiting
            if messages:
                await asyncio.shield(self._settle(batch))
        return batch

    async def _offer(self, message: Message, batch: _Batch) -> None:
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                await self._handlers[message.topic](message)
        except Exception as error:  # noqa: BLE001 - the boundary of a message
            report(
                error,
                during="outbox",
                message=message.id,
                topic=message.topic,
                attempts=message.attempts,
            )
            batch.failed.append((message, code_of(error)))
        else:
            batch.delivered.append(message)

    async def _settle(self, batch: _Batch) -> None:
        async with self._database.work(_ACTOR) as work:
            for statement, messages in (
                (_SETTLE, batch.delivered),
                (_RELEASE, batch.unstarted),
            ):
                if messages:
                    await work.execute(
                        statement, [one.id for one in messages], [one.fence for one in messages]
                    )
            for message, code in batch.failed:
                is_last = message.attempts >= MOST_ATTEMPTS
                state = "parked" if is_last else "pending"
                gap = timedelta(seconds=_gap_seconds(message.attempts))
                await work.execute(_FAIL, message.id, message.fence, state, code, gap)
                if is_last:
                    alert("a message is parked", during="outbox", topic=message.topic)


def _gap_seconds(attempts: int) -> float:
    """5 s, 10 s, 20 s … an hour at most, with jitter."""
    return with_jitter(min(_FIRST_GAP_SECONDS * 2.0 ** (attempts - 1), _LONGEST_GAP_SECONDS))
