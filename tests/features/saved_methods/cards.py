"""Saved cards at the stages that the tests begin with."""

from datetime import datetime, timedelta
from typing import Any

from tests.features.recurring.standing import created
from tests.world import Client, Person, Reply, Specialist, World

ROUND_THE_CLOCK = "sun-sat 00:00-24:00"
VISA = "pm_sandbox_visa"


async def begun(anna: Person, sarah: Specialist) -> Any:
    """A card that is about to be saved; the answer's body."""
    reply = await anna.post("/saved-methods", {"specialist_id": str(sarah.id)})
    assert reply.status == 201, reply.json
    return reply.json


async def presents(anna: Person, card: Any, name: str = VISA) -> Reply:
    """What the browser does at the sandbox."""
    path = f"/sandbox/saved-methods/{card['id']}/method"
    return await anna.post(path, {"payment_method": name})


async def saved(anna: Person, sarah: Specialist, name: str = VISA) -> Any:
    card = await begun(anna, sarah)
    reply = await presents(anna, card, name)
    assert (reply.status, reply.json["status"]) == (200, "ready"), reply.json
    return reply.json


async def series_at(
    world: World, anna: Client, sarah: Specialist, starts_at: datetime, **more: Any
) -> Any:
    """A series of one session at that time, on a specialist's clock that shows UTC."""
    day = starts_at.date().isoformat()
    clock = f"{starts_at:%H:%M}"
    return await created(
        anna,
        sarah,
        start_date=day,
        end_date=day,
        local_time=clock,
        payment_mode="saved_card",
        **more,
    )


async def session(anna: Person, series: Any) -> Any:
    """The only session of the series, as it stands."""
    reply = await anna.get(f"/bookings/{series['occurrences'][0]['booking_id']}")
    assert reply.status == 200, reply.json
    return reply.json


def standing(booking: Any) -> tuple[str, str, str | None]:
    return booking["status"], booking["payment"]["status"], booking["payment"]["last_error"]


async def worker_runs(world: World) -> None:
    await world.work_off("saved_methods.charge")
    for _ in range(2):
        await world.work_off("payments.operations")


async def next_hour(world: World, **ahead: float) -> datetime:
    """A full hour, at least so far ahead."""
    now: datetime = await world.value("SELECT app.now()")
    late = now + timedelta(**ahead)
    return late.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
