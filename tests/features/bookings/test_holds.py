"""From a hold to a booking: the held time is the holder's, by name or by token."""

from typing import Any
from uuid import uuid4

from tests.world import Client, Person, Specialist, World


async def hold(who: Person, sarah: Specialist, when: str = "mon 10:00", **more: Any) -> Any:
    reply = await who.post("/holds", {**sarah.booking(when), **more})
    assert reply.status == 201, reply.json
    return reply.json


async def tries(who: Client, sarah: Specialist, **more: Any) -> tuple[int, str | None]:
    reply = await who.post("/bookings", sarah.booking("mon 10:00", **more))
    return reply.status, reply.code


async def test_a_held_time_is_booked_by_its_holder_and_by_nobody_else(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    held = await hold(anna, sarah)
    assert await tries(ben, sarah) == (409, "SLOT_TAKEN")
    assert await tries(anna, sarah, hold_token=held["hold_token"]) == (201, None)
    slots = await world.rows("SELECT status FROM app.slots ORDER BY id")
    assert [row["status"] for row in slots] == ["released", "held"]


async def test_who_is_signed_in_needs_no_token(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await hold(anna, sarah)
    assert await tries(anna, sarah) == (201, None)


async def test_held_before_signing_in_and_booked_after(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    held = await hold(world.anonymous, sarah)
    assert await tries(anna, sarah) == (409, "SLOT_TAKEN")
    assert await tries(anna, sarah, hold_token=held["hold_token"]) == (201, None)


async def test_a_false_token_opens_nothing(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await hold(world.anonymous, sarah)
    assert await tries(anna, sarah, hold_token=str(uuid4())) == (404, "HOLD_NOT_FOUND")
    other = await hold(anna, sarah, "mon 11:00")
    assert await tries(anna, sarah, hold_token=other["hold_token"]) == (404, "HOLD_NOT_FOUND")
    held = await hold(anna, sarah, "mon 12:00")
    body = sarah.booking("mon 12:00", kind="followup", hold_token=held["hold_token"])
    reply = await anna.post("/bookings", body)
    assert (reply.status, reply.code) == (404, "HOLD_NOT_FOUND")


async def test_a_token_is_good_once(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    held = await hold(world.anonymous, sarah)
    assert await tries(anna, sarah, hold_token=held["hold_token"]) == (201, None)
    assert await tries(ben, sarah, hold_token=held["hold_token"]) == (404, "HOLD_NOT_FOUND")


async def test_a_lapsed_hold_is_in_nobodys_way(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    held = await hold(anna, sarah)
    await world.travel(minutes=10)
    assert await tries(anna, sarah, hold_token=held["hold_token"]) == (404, "HOLD_NOT_FOUND")
    assert await tries(ben, sarah) == (201, None)
    assert await tries(anna, sarah) == (409, "SLOT_TAKEN")
