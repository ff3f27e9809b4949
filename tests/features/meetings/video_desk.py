"""The world with video vendors that are faked: specialists connect them, meetings are arranged."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from consulta.settings import VideoSettings
from tests.conftest import TestDatabase
from tests.fakes.video import FakeVideo, running_fake_video
from tests.fakes.video.desk import TEAMS_HOST, Seen
from tests.settings import settings_for
from tests.world import Client, Person, Specialist, World, running_world

MINE = "/specialists/me/video-config"

APPS: dict[str, dict[str, Any]] = {
    "zoom": {
        "account_id": "zoom-account",
        "client_id": "zoom-client",
        "client_secret": "zoom-secret-of-hers",
        "recording": "cloud",
    },
    "teams": {
        "tenant_id": "tenant",
        "client_id": "teams-client",
        "client_secret": "teams-secret-of-hers",
        "host": TEAMS_HOST,
    },
    "meet": {
        "client_id": "google-client",
        "client_secret": "google-secret-of-hers",
        "refresh_token": "google-refresh-token-of-hers",
    },
}
LINK = "https://zoom.us/j/5551112222?pwd=the-secret-of-the-room"


@dataclass(frozen=True, slots=True)
class VideoWorld:
    world: World
    fake: FakeVideo

    async def connects(self, somebody: Person, provider: str, **changes: Any) -> Any:
        """The app is accepted, and whoever waits for it has heard."""
        body = {"provider": provider, "mode": "api", **APPS[provider], **changes}
        return await self.puts(somebody, body)

    async def links(self, somebody: Person, link: str = LINK, **more: Any) -> Any:
        return await self.puts(
            somebody, {"provider": "zoom", "mode": "static", "link": link, **more}
        )

    async def puts(self, somebody: Person, body: Any) -> Any:
        reply = await somebody.put(MINE, body)
        assert reply.status == 200, reply.json
        await self.settles()
        return reply.json

    async def settles(self) -> None:
        """Messages are heard, and meetings that are due are arranged."""
        await self.world.work_off("outbox.deliver", "meetings.arrange", "outbox.deliver")

    async def specialist(self, name: str = "Dr. Sarah") -> Specialist:
        """Somebody whose sessions cost nothing and are confirmed at once."""
        return await self.world.specialist(name, price=0, auto_confirm=True)

    async def confirmed(
        self, client: Client, specialist: Specialist, when: str = "mon 10:00"
    ) -> Any:
        booking = await client.books(specialist, when)
        assert booking["status"] == "confirmed", booking
        await self.settles()
        return booking

    def standing(self) -> list[Seen]:
        return self.fake.control.standing()

    async def meeting(self, booking: Any) -> dict[str, Any]:
        """The meeting's row, as it stands."""
        (row,) = await self.world.rows(
            "SELECT * FROM app.meetings WHERE booking_id = $1", booking["id"]
        )
        return row

    async def told(self, topic: str) -> int:
        """How often that was said."""
        count: int = await self.world.value(
            "SELECT count(*) FROM app.outbox WHERE topic = $1", topic
        )
        return count


@asynccontextmanager
async def running_video_world(database: TestDatabase) -> AsyncIterator[VideoWorld]:
    async with running_fake_video() as (fake, base):
        video = VideoSettings(
            zoom_api_base=base, teams_api_base=base, google_api_base=base, timeout_seconds=3
        )
        async with running_world(database, settings_for(database, video=video)) as world:
            yield VideoWorld(world, fake)
