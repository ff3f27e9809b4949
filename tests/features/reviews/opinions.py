"""Sessions that were held, and what clients say of them."""

from typing import Any

from tests.world import Client, Specialist, World


async def held(world: World, anna: Client, *sessions: tuple[Specialist, str]) -> list[Any]:
    """Sessions of Anna's that were completed, ten days later."""
    bookings = [(sarah, await anna.books(sarah, when)) for sarah, when in sessions]
    await world.travel(days=10)
    for sarah, booking in bookings:
        reply = await sarah.post(f"/bookings/{booking['id']}/complete")
        assert (reply.status, reply.json["status"]) == (200, "completed"), reply.json
    return [booking for _, booking in bookings]


async def rating_of(world: World, sarah: Specialist) -> tuple[float | None, int]:
    """As the directory shows it."""
    rating = (await world.anonymous.get(f"/specialists/{sarah.id}")).json["rating"]
    return rating["average"], rating["count"]
