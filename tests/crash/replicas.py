"""Two replicas with their clocks running, one database, a post office and a listener; and people
who speak to whichever replica lives.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tests.conftest import TestDatabase
from tests.crash.patience import PatientTransport, patient_client
from tests.crash.service import RunningService, running_service
from tests.receivers.listener import Listener, listening
from tests.receivers.post_office import SENDER, PostOffice, post_office
from tests.world.world import World, running_world

_LONGEST_PAUSE_SECONDS = 0.2


class EitherReplica(httpx.AsyncBaseTransport):
    """Each request goes to one of the replicas that seem to live, by chance."""

    def __init__(self, replicas: Sequence[RunningService], *, chance: random.Random) -> None:
        self._replicas = replicas
        self._chance = chance
        self._wire = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        replica = self._chance.choice([one for one in self._replicas if one.is_alive])
        place = urlsplit(replica.base_url)
        request.url = request.url.copy_with(host=place.hostname, port=place.port)
        return await self._wire.handle_async_request(request)

    async def aclose(self) -> None:
        await self._wire.aclose()


@dataclass(frozen=True, slots=True)
class House:
    """People of `world` speak to either replica."""

    world: World
    replicas: Sequence[RunningService]
    office: PostOffice
    listener: Listener
    chance: random.Random


@asynccontextmanager
async def running_house(database: TestDatabase, *, seed: int) -> AsyncIterator[House]:
    """All of it runs until the end of the block."""
    chance = random.Random(seed)
    port = urlsplit(database.superuser_dsn).port or 5432
    async with post_office() as office, listening() as listener:
        # A moment in which a process can die between a delivery and its record.
        office.pause_seconds = listener.pause_seconds = 0.01
        more = {
            "PAYMENT_PROVIDER": "sandbox",
            "STRIPE_SECRET_KEY": "",
            "MAIL_HOST": "127.0.0.1",
            "MAIL_PORT": str(office.port),
            "MAIL_TLS": "none",
            "MAIL_FROM": SENDER,
            "FRONTEND_URL": "https://app.consulta.test",
            "WEBHOOK_ALLOW_PRIVATE": "127.0.0.1/32",
            "LIVE_POLL_SECONDS": "0.1",
        }
        one, two = (
            running_service(database, proxy_port=port, stripe_base="", with_clock=True, more=more)
            for _ in range(2)
        )
        async with running_world(database) as inner, one as first, two as second:
            replicas = (first, second)
            patience = PatientTransport(wait=_wait, wire=EitherReplica(replicas, chance=chance))
            async with patient_client(patience, base_url="http://consulta.test") as http:
                world = World(inner.app, http, database, inner.superuser)
                yield House(world, replicas, office, listener, chance)


async def _wait(seconds: float) -> None:
    await asyncio.sleep(min(seconds, _LONGEST_PAUSE_SECONDS))
