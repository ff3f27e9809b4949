"""A world whose mail goes to a real post office, and what its people find in their boxes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.conftest import TestDatabase
from tests.receivers.post_office import PostOffice, Received, post_office
from tests.settings import settings_for
from tests.world import Person, World
from tests.world.world import running_world

SECRETS = ("Syphilis", "Cardiology", "heart failure")
"""What no mail may say: the service's name, the specialty, the note."""


@dataclass(frozen=True, slots=True)
class Desk:
    world: World
    office: PostOffice

    async def post(self) -> None:
        """Everything that is due has been told."""
        for _ in range(3):  # What is told may itself be told of.
            await self.world.work_off("payments.operations", "outbox.deliver")
        await self.world.work_off("notifications.send")

    async def address_of(self, person: Person) -> str:
        found: str = await self.world.value("SELECT email FROM app.users WHERE id = $1", person.id)
        return found

    async def box(self, person: Person) -> list[Received]:
        """What has come for the person since the last look, after all that is due was sent."""
        await self.post()
        address = await self.address_of(person)
        found = self.office.to(address)
        self.office.received[:] = [one for one in self.office.received if one.to != address]
        return found

    async def kinds(self, person: Person) -> list[str]:
        """The kinds of what has come for the person since the last look, sorted."""
        return sorted([await self.kind_of(mail) for mail in await self.box(person)])

    async def kind_of(self, mail: Received) -> str:
        found: str = await self.world.value(
            "SELECT kind FROM app.notifications WHERE message_id = $1 AND state = 'sent'", mail.id
        )
        return found

    async def states(self, kind: str) -> list[tuple[str, str | None]]:
        """State and code of every notification of that kind."""
        rows = await self.world.rows(
            "SELECT state, last_error FROM app.notifications WHERE kind = $1 ORDER BY id", kind
        )
        return [(row["state"], row["last_error"]) for row in rows]

    async def travel_to(self, at: Any) -> None:
        now = await self.world.value("SELECT app.now()")
        await self.world.travel(seconds=(at - now) / timedelta(seconds=1) + 1)


@asynccontextmanager
async def opened(database: TestDatabase) -> AsyncIterator[Desk]:
    async with (
        post_office() as office,
        running_world(database, settings_for(database, mail=office.settings)) as world,
    ):
        yield Desk(world, office)
