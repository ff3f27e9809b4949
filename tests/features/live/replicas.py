"""Replicas that really listen: streams that never end cannot be read through a transport in
memory.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from consulta.main import create_app
from consulta.settings import LiveSettings
from tests.conftest import TestDatabase
from tests.settings import settings_for
from tests.world import Person

EVENTS = "/api/v1/events"


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as it came."""

    id: str
    name: str
    data: Any


@dataclass(slots=True)
class Stream:
    """What a browser knows of its stream; `last_id` as browsers keep it, comments included."""

    status: int = 0
    code: str | None = None
    last_id: str = ""
    events: list[Heard] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    is_over: bool = False

    async def until(self, condition: Callable[["Stream"], bool]) -> None:
        """Soon the condition holds; how soon is not what is tested on a machine that is busy."""
        async with asyncio.timeout(30):
            while not condition(self):
                await asyncio.sleep(0.02)

    async def hears(self, count: int) -> list[Any]:
        """So many events have come; the bookings that they are about."""
        await self.until(lambda one: len(one.events) >= count)
        return [one.data.get("booking_id") for one in self.events]

    async def read(self, answer: httpx.Response) -> None:
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(":")
            if line:
                fields[name] = value.removeprefix(" ")
                continue
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                data = json.loads(fields["data"])
                self.events.append(Heard(self.last_id, fields["event"], data))
            if "" in fields:
                self.comments.append(fields[""])
            fields = {}


@dataclass(frozen=True, slots=True)
class Replica:
    """A service of its own on the loopback."""

    app: FastAPI
    address: str

    @asynccontextmanager
    async def stream(self, person: Person, last_id: str | None = None) -> AsyncIterator[Stream]:
        """The person's stream, which goes on until the end of the block."""
        stream = Stream()
        task = asyncio.create_task(self._follow(stream, person, last_id))
        try:
            await stream.until(lambda one: bool(one.comments) or one.is_over)
            yield stream
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self, stream: Stream, person: Person, last_id: str | None) -> None:
        headers = {"Authorization": f"Bearer {person.token}"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        try:
            async with (
                httpx.AsyncClient(base_url=self.address, timeout=30, trust_env=False) as http,
                http.stream("GET", EVENTS, headers=headers) as answer,
            ):
                stream.status = answer.status_code
                if answer.status_code != 200:
                    stream.code = json.loads(await answer.aread())["code"]
                else:
                    assert answer.headers["content-type"].startswith("text/event-stream")
                    await stream.read(answer)
        finally:
            stream.is_over = True


@asynccontextmanager
async def listening_replica(database: TestDatabase) -> AsyncIterator[Replica]:
    """A replica on a free port until the end of the block."""
    live = LiveSettings(poll_seconds=0.05, most_streams=6, most_of_person=3)
    app = create_app(settings_for(database, live=live), examines_database=False)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=5)
    )
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(30):
            while not server.started:
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Replica(app, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        app.state.lifecycle.begin_draining()
        await task
