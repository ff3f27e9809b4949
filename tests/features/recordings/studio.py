"""A session that was held, and the worker that brings what was recorded of it."""

import hashlib
from dataclasses import dataclass
from typing import Any

import httpx

from tests.world import Client, Person, Reply, Specialist, World

FILM = b"\0\x01 every frame of it \xff" * 5_000


def facts(film: bytes = FILM, **more: Any) -> dict[str, Any]:
    """What is said of a file before it is brought."""
    return {
        "file_format": "mp4",
        "duration_seconds": 1_800,
        "storage_size_bytes": len(film),
        "sha256": hashlib.sha256(film).hexdigest(),
        **more,
    }


@dataclass(slots=True)
class Studio:
    """Anna's session with Sarah was held; Ada's token is that of the worker behind it."""

    world: World
    sarah: Specialist
    anna: Client
    ada: Person
    booking: Any

    @property
    def path(self) -> str:
        return f"/bookings/{self.booking['id']}/recordings"

    async def announces(self, **more: Any) -> Any:
        reply = await self.ada.post(self.path, facts(**more))
        assert reply.status == 201, reply.json
        return reply.json

    async def brings(self, url: str, film: bytes = FILM, **more: Any) -> Reply:
        return await sent(self.world.http, "PUT", url, content=film, **more)

    async def completes(self, recording: Any) -> Reply:
        return await self.ada.post(f"{self.path}/{recording['id']}/complete")

    async def keeps(self, film: bytes = FILM, **more: Any) -> Any:
        """A recording that is ready."""
        made = await self.announces(film=film, **more)
        assert (await self.brings(made["upload"]["url"], film)).status == 204
        reply = await self.completes(made)
        assert (reply.status, reply.json["status"]) == (200, "ready"), reply.json
        return reply.json

    async def link(self, person: Person, recording: Any) -> Reply:
        return await person.post(f"{self.path}/{recording['id']}/download-link")

    async def row(self, recording: Any) -> dict[str, Any]:
        (row,) = await self.world.rows(
            "SELECT * FROM app.meeting_recordings WHERE id = $1", recording["id"]
        )
        return row


async def sent(http: httpx.AsyncClient, method: str, url: str, **more: Any) -> Reply:
    """A request of somebody's browser or worker: the address, and nothing that we add."""
    answer = await http.request(method, url, **more)
    is_json = "json" in answer.headers.get("content-type", "")
    body = answer.json() if is_json else None
    return Reply(answer.status_code, body, answer.headers, answer.content)


async def open_studio(world: World) -> Studio:
    sarah = await world.specialist(price=0, auto_confirm=True)
    anna, ada = await world.client("Anna"), await world.admin()
    booking = await anna.books(sarah, "mon 10:00")
    assert booking["status"] == "confirmed", booking
    await world.travel(days=10)
    return Studio(world, sarah, anna, ada, booking)
