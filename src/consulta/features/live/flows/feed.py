"""The feed: one reader of the outbox for all streams of this process. It reads while somebody
listens, remembers the last events, and hands each to those whom it concerns.
"""

import asyncio
from collections import Counter, deque
from uuid import UUID

from consulta.features.live import queries
from consulta.features.live.errors import StreamsFull, TooManyStreams
from consulta.features.live.rules import BEGINNING, Event, Place, event_of
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database
from consulta.platform.failures import report

PAGE = 1_000
MOST_REMEMBERED = 5_000
MOST_QUEUED = 256
HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 5.0
"""So often each stream asks whether its sign-in still stands."""

_FIRST_REST_SECONDS = 1.0
_LONGEST_REST_SECONDS = 15.0
READER = Actor.system("live")


class Listener:
    """One stream's share of the feed: events for one person, in their order."""

    def __init__(self, person: UUID) -> None:
        self.person = person
        self.is_behind = False
        """More came than it took: its stream ends, and resumes from the tables."""
        self._waiting: deque[Event] = deque()
        self._news = asyncio.Event()

    def offer(self, event: Event) -> None:
        if len(self._waiting) >= MOST_QUEUED:
            self.is_behind = True
        elif not self.is_behind:
            self._waiting.append(event)
        self._news.set()

    def take(self) -> list[Event]:
        """What came since the last time."""
        taken = list(self._waiting)
        self._waiting.clear()
        self._news.clear()
        return taken

    async def news(self) -> None:
        """There is something to take, or it is too late for that."""
        await self._news.wait()


class Feed:
    """`place` is how far the outbox has been read: all of it up to there has been handed out."""

    def __init__(
        self,
        database: Database,
        *,
        poll_seconds: float,
        most_streams: int,
        most_of_person: int,
        stopping: asyncio.Event,
    ) -> None:
        self.database = database
        self.stopping = stopping
        self.place = BEGINNING
        self.heartbeat_seconds = HEARTBEAT_SECONDS
        self.look_seconds = LOOK_SECONDS
        self._poll_seconds = poll_seconds
        self._most_streams = most_streams
        self._most_of_person = most_of_person
        self._listeners: dict[UUID, set[Listener]] = {}
        self._streams: Counter[UUID] = Counter()
        self._remembered: deque[Event] = deque(maxlen=MOST_REMEMBERED)
        self._remembers_after = BEGINNING
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    def enter(self, person: UUID) -> None:
        """There is room for a stream of that person, until `leave`.

        Raises `TooManyStreams`, `StreamsFull`.
        """
        if self.stopping.is_set() or self._streams.total() >= self._most_streams:
            raise StreamsFull
        if self._streams[person] >= self._most_of_person:
            raise TooManyStreams
        self._streams[person] += 1

    async def listen(self, person: UUID) -> Listener:
        """Whatever is read from now on is offered to the listener. Raises `Unavailable`."""
        async with self._starting:
            if self._reader is None:
                async with self.database.read(READER) as work:
                    self.place = self._remembers_after = await queries.newest_place(work)
                self._remembered.clear()
                self._reader = asyncio.create_task(self._read_on())
        listener = Listener(person)
        self._listeners.setdefault(person, set()).add(listener)
        return listener

    def leave(self, person: UUID, listener: Listener | None) -> None:
        """The place is free again; without listeners nothing is read any more."""
        self._streams[person] -= 1
        if self._streams[person] <= 0:
            del self._streams[person]
        if listener is not None:
            mine = self._listeners.get(person, set())
            mine.discard(listener)
            if not mine:
                self._listeners.pop(person, None)
        if not self._streams:
            self._stop_reading()

    def remembered_after(self, place: Place) -> list[Event] | None:
        """All events behind that place that have been handed out; None where memory ends later."""
        if not self._remembers_after <= place <= self.place:
            return None
        return [event for event in self._remembered if event.place > place]

    async def stop(self) -> None:
        """Nothing is read any more."""
        reader = self._reader
        self._stop_reading()
        if reader is not None:
            await asyncio.gather(reader, return_exceptions=True)

    def _stop_reading(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    async def _read_on(self) -> None:
        rest = _FIRST_REST_SECONDS
        while True:
            try:
                is_full = await self._read_page()
            except Exception as error:  # noqa: BLE001 - the feed goes on whatever happens
                report(error, during="live")
                await asyncio.sleep(rest)
                rest = min(2 * rest, _LONGEST_REST_SECONDS)
                continue
            rest = _FIRST_REST_SECONDS
            await asyncio.sleep(0 if is_full else self._poll_seconds)

    async def _read_page(self) -> bool:
        """Whether there may be more. Handing out takes no turn of the loop, so that nobody sees a
        place whose events are not with everybody.
        """
        async with self.database.read(READER) as work:
            told = await queries.messages_after(work, self.place, limit=PAGE)
        for one in told:
            event = event_of(
                one.place, topic=one.topic, payload=one.payload, occurred_at=one.occurred_at
            )
            if event is not None:
                self._hand_out(event)
            self.place = one.place
        return len(told) == PAGE

    def _hand_out(self, event: Event) -> None:
        if len(self._remembered) == MOST_REMEMBERED:
            self._remembers_after = self._remembered[0].place
        self._remembered.append(event)
        for person in event.people:
            for listener in self._listeners.get(person, ()):
                listener.offer(event)
