"""How long one person waits while nobody else asks: the figures that were promised, held against
the town with all its past.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.serving import id_of
from tests.bench.supply import PEOPLE, Supply
from tests.bench.tasks import Cancellations, Listings
from tests.bench.town import Scale
from tests.bench.wrk import Load, LoadRun, Request

A_SECOND_MOST = 1_000
"""Requests that one connection will never exceed in a second."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What a route was promised to take at most, and what it took."""

    name: str
    promised_ms: float
    taken: LoadRun

    @property
    def line(self) -> str:
        kept = "kept" if self.taken.p99_ms < self.promised_ms else "NOT KEPT"
        return (
            f"{self.name:14} p50 {self.taken.p50_ms:7.1f} ms   p99 {self.taken.p99_ms:7.1f} ms"
            f"   promised {self.promised_ms:4.0f} ms   {kept}"
        )


async def waits(load: Load, supply: Supply, scale: Scale, *, seconds: int) -> Sequence[Wait]:
    """Each route in turn, over one connection."""
    count = A_SECOND_MOST * seconds
    asked = (
        ("cancel", 100.0, "POST", await Cancellations(supply).requests(count)),
        ("packages", 50.0, "GET", _packages(scale, count)),
        ("availability", 10.0, "GET", await Listings(scale).requests(count)),
    )
    found = []
    for name, promised_ms, method, requests in asked:
        taken = await load.run(method, requests, seconds=seconds, connections=1)
        found.append(Wait(name, promised_ms, taken))
        print(found[-1].line, flush=True)
    return found


def starts_needed(seconds: int) -> int:
    """Bookings that are called off meanwhile."""
    return A_SECOND_MOST * seconds + PEOPLE


def _packages(scale: Scale, count: int) -> list[Request]:
    chosen = random.Random(11)
    return [
        Request(
            f"/api/v1/specialists/{id_of(f'specialist:{1 + chosen.randrange(scale.specialists)}')}"
            "/packages"
        )
        for _ in range(count)
    ]
