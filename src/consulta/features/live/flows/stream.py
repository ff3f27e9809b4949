"""One person's stream: what was missed, then what happens, until sign-in or process end."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal
from uuid import UUID

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from consulta.features.live import queries, rules
from consulta.features.live.flows.feed import PAGE, READER, Feed, Listener
from consulta.features.live.rules import Event, Place
from consulta.kernel.errors import Unauthenticated, Unavailable
from consulta.platform.auth.identity import Identity

_RETRY_MS = (1_000, 4_000)

Look = Callable[[], Awaitable[Identity]]


class EventStream(StreamingResponse):
    """`text/event-stream` for the bearer of a token. `look` resolves the token anew.

    It holds no connection of a pool and no transaction while it waits. Where there is no room for
    it, `TooManyStreams` or `StreamsFull` is answered instead.
    """

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, identity: Identity, *, look: Look, last_id: str | None) -> None:
        assert identity.actor.id is not None
        self._feed = feed
        self._identity = identity
        self._person: UUID = identity.actor.id
        self._look = look
        self._last_id = last_id
        self._listener: Listener | None = None
        self._place: Place | None = None
        """The last place that was told."""
        # Nothing between us and the browser may keep or gather what is sent.
        super().__init__(self._told(), headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._feed.enter(self._person)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.leave(self._person, self._listener)

    async def _told(self) -> AsyncIterator[bytes]:
        try:
            self._listener = await self._feed.listen(self._person)
            until = self._feed.place
            # Browsers that were cut off together do not come back together.
            yield rules.opening(random.randint(*_RETRY_MS))  # noqa: S311 - no secret
            async for text in self._missed(until):
                yield text
        except Unavailable:
            return  # The database is away: the browser comes back by itself, with its last id.
        async for text in self._following(self._listener):
            yield text

    async def _missed(self, until: Place) -> AsyncIterator[bytes]:
        """What happened since the last id that was received; `reset` where that is too much, too
        long ago, or no place that we know. `until` is where listening began.
        """
        if self._last_id is None:
            self._place = until
            yield rules.heartbeat(until)
            return
        last = rules.place_of(self._last_id)
        remembered = self._feed.remembered_after(last) if last is not None else None
        if last is not None and remembered is not None:
            self._place = last
            for text in self._fresh(remembered):
                yield text
        elif last is not None and await self._may_catch_up(last, until):
            self._place = last
            async for text in self._from_tables(until):
                yield text
        else:
            self._place = until
            yield rules.reset(until)

    async def _may_catch_up(self, last: Place, until: Place) -> bool:
        async with self._feed.database.read(READER) as work:
            if not await queries.is_recent(work, last):
                return False
            # Another replica may be ahead of this one: then nothing was missed here.
            missed = await queries.messages_between(work, last, until, most=rules.MOST_MISSED + 1)
        return missed <= rules.MOST_MISSED

    async def _from_tables(self, until: Place) -> AsyncIterator[bytes]:
        """A transaction for each page, and none while the browser takes it in."""
        read = self._place
        while read is not None and read < until:
            async with self._feed.database.read(READER) as work:
                page = await queries.messages_after(work, read, limit=PAGE)
            within = [one for one in page if one.place <= until]
            events = (
                rules.event_of(
                    one.place, topic=one.topic, payload=one.payload, occurred_at=one.occurred_at
                )
                for one in within
            )
            mine = [event for event in events if event is not None]
            for text in self._fresh(mine):
                yield text
            read = within[-1].place if len(within) == PAGE else None

    async def _following(self, listener: Listener) -> AsyncIterator[bytes]:
        beat, look = self._feed.heartbeat_seconds, self._feed.look_seconds
        now = time.monotonic()
        beats_at, looks_at = now + beat, now + min(look, self._lifetime())
        stopping = asyncio.create_task(self._feed.stopping.wait())
        try:
            while not stopping.done() and not listener.is_behind:
                for text in self._fresh(listener.take()):
                    yield text
                    beats_at = time.monotonic() + beat
                now = time.monotonic()
                if now >= looks_at:
                    if not await self._still_stands():
                        yield rules.expired()
                        return
                    looks_at = time.monotonic() + min(look, self._lifetime())
                elif now >= beats_at:
                    # All that was handed out up to here has been taken, in this very turn.
                    yield rules.heartbeat(max(self._feed.place, self._place or self._feed.place))
                    beats_at = time.monotonic() + beat
                else:
                    await _first(listener, stopping, seconds=min(beats_at, looks_at) - now)
        finally:
            stopping.cancel()

    def _fresh(self, events: list[Event]) -> list[bytes]:
        """Those of this person that were not told before, in their order."""
        mine = [
            event
            for event in events
            if self._person in event.people and (self._place is None or event.place > self._place)
        ]
        if mine:
            self._place = mine[-1].place
        return [event.text for event in mine]

    def _lifetime(self) -> float:
        """Seconds until the token ends; clocks differ a little, so it may be good even then."""
        left = self._identity.expires_at - time.time()
        return left if left > 0 else self._feed.look_seconds

    async def _still_stands(self) -> bool:
        """Whether the token is good, and of the same person in the same role."""
        try:
            return (await self._look()).actor == self._identity.actor
        except Unauthenticated:
            return False
        except Unavailable:
            return True  # Nothing can be asked at this moment, and nothing is told either.


async def _first(
    listener: Listener, stopping: asyncio.Task[Literal[True]], *, seconds: float
) -> None:
    """There is news, the process is to end, or so many seconds have gone by."""
    news = asyncio.create_task(listener.news())
    awaited: set[asyncio.Task[Any]] = {news, stopping}
    try:
        await asyncio.wait(awaited, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
    finally:
        news.cancel()
