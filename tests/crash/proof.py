"""The proof: a flow is recorded once, then performed again for each of its events, and there the
service is killed, or loses its connection, before or after.
"""

import re
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import httpx

from tests.crash.cast import Cast, Stuck, gather_cast
from tests.crash.flows import Flow
from tests.crash.killer import CrashPlan, Event, Phase, crash_points, kill_nine
from tests.crash.promises import broken_promises
from tests.crash.stage import Stage

Mishap = Literal["kill", "cut"]
"""`kill` ends the process by SIGKILL; `cut` breaks the connection that the event came over."""

MISHAPS: Final[tuple[Mishap, ...]] = ("kill", "cut")
_QUOTED: Final = re.compile(r"'[^']*'")


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a flow where something happens to the service."""

    event: Event
    phase: Phase
    mishap: Mishap = "kill"

    def __str__(self) -> str:
        words = " ".join(self.event.name.split())[:70]
        return f"{self.mishap} {self.phase} {self.event.ordinal} ({self.event.kind}: {words})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a performance. `struck` is the event where the mishap happened."""

    point: Point | None
    struck: Event | None
    broken: list[str]
    seconds: float

    @property
    def is_held(self) -> bool:
        """The mishap happened where it was meant to, and every promise is kept."""
        return not self.broken and self.is_met

    @property
    def is_met(self) -> bool:
        """The mishap, where one was meant, happened at that very event."""
        if self.point is None or self.struck is None:
            return self.point is None and self.struck is None
        return _likeness(self.struck) == _likeness(self.point.event)

    def __str__(self) -> str:
        said = [] if self.is_met else [f"met {self.struck or 'nothing'} instead"]
        said += self.broken
        return f"{self.point or 'undisturbed'}: {'; '.join(said) or 'all promises kept'}"


def _likeness(event: Event) -> tuple[int, str, str]:
    """What two performances have in common: the stamp at the beginning names its person."""
    return event.ordinal, event.kind, _QUOTED.sub("''", event.name)


async def record(stage: Stage, flow: Flow) -> tuple[list[Event], Outcome]:
    """The events of an undisturbed performance by a service that has served before."""
    await perform(stage, flow)
    plan = CrashPlan()
    outcome = await perform(stage, flow, plan=plan)
    return plan.trace, outcome


async def strike(stage: Stage, flow: Flow, point: Point) -> Outcome:
    """The flow is performed, and the mishap happens at that point, once."""
    kills = point.mishap == "kill"
    plan = CrashPlan(
        ordinal=point.event.ordinal,
        phase=point.phase,
        target=lambda: stage.service.pid,
        kill=kill_nine if kills else _nobody,
    )
    return await perform(stage, flow, plan=plan, point=point)


async def perform(
    stage: Stage, flow: Flow, *, plan: CrashPlan | None = None, point: Point | None = None
) -> Outcome:
    """A cast of its own goes through the flow; whatever stays open is settled, then judged."""
    began = time.perf_counter()
    plan = plan or CrashPlan()
    await stage.service.revive()
    cast = await gather_cast(stage, specialists=flow.specialists, page=flow.page)
    stage.patience.statuses.clear()
    if flow.prelude is not None:
        await flow.prelude(cast)
    stage.follow(plan)
    broken = await _performed(cast, flow, plan)
    await cast.leaves()
    return Outcome(point, plan.killed_at, broken, time.perf_counter() - began)


async def _performed(cast: Cast, flow: Flow, plan: CrashPlan) -> list[str]:
    broken = await _without_end(flow.perform(cast))
    plan.armed = False
    broken += await _without_end(cast.settle())
    try:
        return broken + await broken_promises(cast, flow.ending)
    except Stuck as error:
        return [*broken, str(error)]


async def _without_end(act: Awaitable[None]) -> list[str]:
    """What was in the way of an act; nothing where it came to its end."""
    try:
        await act
    except (Stuck, httpx.TransportError) as error:
        return [f"{type(error).__name__}: {error}"]
    return []


def points_of(trace: Sequence[Event], *, mishap: Mishap = "kill") -> list[Point]:
    """Before and after every event."""
    by_ordinal = {event.ordinal: event for event in trace}
    return [Point(by_ordinal[ordinal], phase, mishap) for ordinal, phase in crash_points(trace)]


def swallowed_commits(trace: Sequence[Event]) -> list[Point]:
    """Each COMMIT happens, and the service never hears of it."""
    return [Point(event, "after", "cut") for event in trace if event.kind == "commit"]


def sample(points: Sequence[Point], *, most: int) -> list[Point]:
    """Every COMMIT and every call to the provider, and of the rest as many as there is room for,
    spread evenly. The same points give the same sample.
    """
    chief = [one for one in points if one.event.kind in {"commit", "call"}]
    rest = [one for one in points if one.event.kind not in {"commit", "call"}]
    room = min(max(0, most - len(chief)), len(rest))
    spread = [rest[number * len(rest) // room] for number in range(room)]
    chosen = {(one.event.ordinal, one.phase) for one in (*chief, *spread)}
    return [one for one in points if (one.event.ordinal, one.phase) in chosen]


def _nobody(_pid: int) -> None:
    """The connection breaks, and nobody dies."""
