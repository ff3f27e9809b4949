"""A whole house: the service really listens and its clock really ticks; mail, files, video, money
and webhooks each go to a receiver of their own, and people hear of what happens as it happens.
"""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from consulta.main import create_app
from consulta.settings import (
    HttpSettings,
    LiveSettings,
    ScheduleSettings,
    Settings,
    SubscriberSettings,
    VideoSettings,
)
from tests.conftest import TestDatabase
from tests.fakes.stripe import FakeStripe, running_fake_stripe
from tests.fakes.video import FakeVideo, running_fake_video
from tests.features.live.replicas import Replica
from tests.platform.calendar_reader import read_calendar
from tests.receivers.listener import Listener
from tests.receivers.object_store import ObjectStore, running_object_store
from tests.receivers.post_office import PostOffice, Received, post_office
from tests.settings import CRON_SECRET, files_of, settings_for
from tests.world import Person, Specialist, World
from tests.world.stripe import SECRET_KEY, WEBHOOK_SECRET, payment_settings

PASSWORD = "correct horse battery staple"
PATIENCE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class House:
    world: World
    office: PostOffice
    store: ObjectStore
    video: FakeVideo
    stripe: FakeStripe
    replica: Replica

    async def registers(self, name: str, role: str = "client") -> Specialist:
        """Somebody with an account and a sign-in of his own, as the routes give them. Who is a
        specialist in the end is said by the role; the type only has more words.
        """
        http, mail = self.world.http, f"{name.lower()}@example.org"
        body = {"email": mail, "password": PASSWORD, "full_name": name, "time_zone": "UTC"}
        made = await Person(http).post("/auth/register", {**body, "role": role}, key=None)
        assert made.status == 201, made.json
        login = {"email": mail, "password": PASSWORD}
        tokens = await Person(http).post("/auth/login", login, key=None)
        assert tokens.status == 200, tokens.json
        id_ = UUID(made.json["user"]["id"])
        person = Specialist(http, id=id_, token=tokens.json["access_token"], name=name)
        now = await self.world.value("SELECT app.now()")
        person.zone, person.today, person.rates = now.tzinfo, now.date(), {}
        return person

    async def settles(self) -> None:
        """All that was due has been done: letters have come, facts were told, mail is out.

        The clock would have every loop run within a second or five; here they are only hurried.
        """
        jobs = self.world.app.state.jobs
        for _ in range(3):  # What is done tells of itself.
            await self.stripe.control.settled()
            for loop in jobs.loops:
                jobs.nudge(loop.name)
            await jobs.idle()

    async def until(self, holds: Callable[[], Awaitable[Any]]) -> Any:
        """What soon holds, however it comes about."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await holds()):
                await asyncio.sleep(0.02)
        return found

    async def booking(self, person: Person, id_: str, status: str) -> Any:
        """The booking, as soon as the person sees it in that status."""

        async def seen() -> Any:
            reply = await person.get(f"/bookings/{id_}")
            return reply.json if reply.json["status"] == status else None

        return await self.until(seen)

    async def travels_to(self, at: datetime) -> None:
        now = await self.world.value("SELECT app.now()")
        await self.world.travel(seconds=(at - now) / timedelta(seconds=1) + 1)
        await self.settles()

    async def box(self, person: Person) -> list[tuple[str, Received]]:
        """Kind and mail of what has come for the person since the last look, but for the letter
        that confirms an address.
        """
        await self.settles()
        address = await self.world.value("SELECT email FROM app.users WHERE id = $1", person.id)
        mails = self.office.to(address)
        self.office.received[:] = [one for one in self.office.received if one.to != address]
        rows = await self.world.rows("SELECT message_id, kind FROM app.notifications")
        kinds = {row["message_id"]: row["kind"] for row in rows}
        return [(kinds[one.id], one) for one in mails if "#token=" not in one.body()]

    async def letters(self, person: Person) -> list[str]:
        """The kinds of what has come for the person since the last look."""
        return [kind for kind, _ in await self.box(person)]

    def intent_of(self, booking: Any) -> str:
        """The intent that the payer was told about."""
        secret: str = booking["payment"]["next_action"]["client_secret"]
        return secret.partition("_secret_")[0]

    def meeting_starts(self) -> list[str]:
        """When the meetings begin that stand at the vendors, as these have it."""
        return [one.starts_at[:16] for one in self.video.control.standing()]


def invitation(mail: Received) -> dict[str, str]:
    """The calendar in the mail, read strictly; the mail's own word on its method agrees."""
    found = mail.invitation()
    assert found is not None
    method, content = found
    calendar = read_calendar(content)
    assert calendar["METHOD"] == method
    return calendar


async def posted(listener: Listener, count: int) -> bool:
    """Whether so many webhooks have come."""
    return len(listener.received) >= count


def good(reply: Any, status: int = 200) -> Any:
    """The answer's body, which must have that status."""
    assert reply.status == status, reply.json
    return reply.json


@asynccontextmanager
async def open_house(database: TestDatabase) -> AsyncIterator[House]:
    """Everything runs until the end of the block."""
    async with AsyncExitStack() as stack:
        office = await stack.enter_async_context(post_office())
        store = stack.enter_context(running_object_store())
        video, video_base = await stack.enter_async_context(running_fake_video())
        stripe, stripe_base = await stack.enter_async_context(running_fake_stripe())
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = f"http://127.0.0.1:{door.getsockname()[1]}"
        settings = settings_for(
            database,
            http=HttpSettings(public_url=address, drain_seconds=5),
            schedule=ScheduleSettings(enabled=True, cron_secret=SecretStr(CRON_SECRET)),
            mail=office.settings,
            storage=store.settings(),
            video=VideoSettings(
                zoom_api_base=video_base, teams_api_base=video_base, google_api_base=video_base
            ),
            live=LiveSettings(poll_seconds=0.05),
            subscribers=SubscriberSettings(allow_private="127.0.0.1/32"),
            payments=payment_settings(stripe_base),
        )
        app = await stack.enter_async_context(_served(settings, door))
        stack.callback(shutil.rmtree, files_of(database), ignore_errors=True)
        stripe.control.add_webhook(
            f"{address}/api/webhooks/stripe",
            secret=WEBHOOK_SECRET,
            account=stripe.control.account_of(SECRET_KEY),
        )
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=address, timeout=30, trust_env=False)
        )
        superuser = await stack.enter_async_context(database.connected())
        world = World(app, http, database, superuser)
        yield House(world, office, store, video, stripe, Replica(app, address))


@asynccontextmanager
async def _served(settings: Settings, door: socket.socket) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5))
    task = asyncio.create_task(server.serve(sockets=[door]))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not server.started:
                await asyncio.sleep(0.01)
        assert not app.state.refusals, app.state.refusals
        yield app
    finally:
        server.should_exit = True
        app.state.lifecycle.begin_draining()
        await task
