"""What is measured: for each task, the requests of the service and the variables of its floor."""

import random
from dataclasses import dataclass
from typing import Protocol

from tests.bench.floor import WARM_UP_SECONDS as FLOOR_WARM_UP
from tests.bench.serving import id_of
from tests.bench.supply import PEOPLE, Supply
from tests.bench.town import Scale
from tests.bench.wrk import Request

SERVICE_MOST, FLOOR_MOST = 2_000, 4_000
"""More a second than is ever reached: so many are laid out, and what is left over is wasted."""

_CANCELLATION = '{"reason": "No longer needed."}'


class Task(Protocol):
    """A route and its floor."""

    @property
    def name(self) -> str: ...

    @property
    def method(self) -> str: ...

    async def requests(self, count: int) -> list[Request]:
        """So many requests, each for one use."""
        ...

    async def variables(self, count: int) -> dict[str, int]:
        """What the floor's script needs to know for so many transactions."""
        ...


@dataclass(frozen=True, slots=True)
class Bookings:
    supply: Supply
    name: str = "bookings"
    method: str = "POST"

    async def requests(self, count: int) -> list[Request]:
        numbers = self.supply.take(count)
        bodies = await self.supply.booking_bodies(numbers)
        return [
            Request("/api/v1/bookings", person=1 + n % PEOPLE, key=f"service-{n}", body=body)
            for n, body in zip(numbers, bodies, strict=True)
        ]

    async def variables(self, count: int) -> dict[str, int]:
        return {"first": self.supply.take(count).start, "people": PEOPLE}


@dataclass(frozen=True, slots=True)
class Cancellations:
    supply: Supply
    name: str = "cancel"
    method: str = "POST"

    async def requests(self, count: int) -> list[Request]:
        numbers = await self._doomed(count)
        return [
            Request(
                f"/api/v1/bookings/{id_of(f'doomed:{n}')}/cancel",
                person=1 + n % PEOPLE,
                key=f"service-{n}",
                body=_CANCELLATION,
            )
            for n in numbers
        ]

    async def variables(self, count: int) -> dict[str, int]:
        return {"first": (await self._doomed(count)).start, "people": PEOPLE}

    async def _doomed(self, count: int) -> range:
        numbers = self.supply.take(count)
        await self.supply.doom(numbers)
        return numbers


@dataclass(frozen=True, slots=True)
class Listings:
    scale: Scale
    name: str = "slots"
    method: str = "GET"

    async def requests(self, count: int) -> list[Request]:
        chosen = random.Random(7)
        specialists = (1 + chosen.randrange(self.scale.specialists) for _ in range(count))
        return [
            Request(f"/api/v1/specialists/{id_of(f'specialist:{n}')}/slots") for n in specialists
        ]

    async def variables(self, count: int) -> dict[str, int]:
        return {"specialists": self.scale.specialists}


TASKS = ("bookings", "slots", "cancel")
USING_STARTS = ("bookings", "cancel")
SAMPLES, WARM_UP_SECONDS = 5, 2


def starts_needed(names: tuple[str, ...], *, rounds: int, seconds: int, services: int) -> int:
    """Free starts that all rounds of these tasks may use up, warming up and samples included."""
    a_round = seconds * services * SERVICE_MOST + (seconds + FLOOR_WARM_UP) * FLOOR_MOST
    before = services * WARM_UP_SECONDS * SERVICE_MOST + 4 * SAMPLES
    return sum(rounds * a_round + before for name in names if name in USING_STARTS)


def task_of(name: str, *, supply: Supply, scale: Scale) -> Task:
    if name == "bookings":
        return Bookings(supply)
    return Cancellations(supply) if name == "cancel" else Listings(scale)
