"""The week: replaced as a whole by its owner, read by everybody, behind the calendar's lock."""

import asyncio
from typing import Any

import asyncpg
import pytest

from consulta.kernel.actor import ANONYMOUS
from consulta.platform.db.constraints import UnknownTimeZone
from tests.world import World

RULE = {"weekday", "starts_at", "ends_at", "slot_minutes", "buffer_minutes",
        "max_bookings_per_day", "is_active"}  # fmt: skip
MONDAY: dict[str, Any] = {
    "weekday": 1,
    "starts_at": "09:00",
    "ends_at": "12:00",
    "slot_minutes": 45,
    "buffer_minutes": 15,
    "max_bookings_per_day": 3,
    "is_active": True,
}
LATE: dict[str, Any] = MONDAY | {"weekday": 6, "starts_at": "22:00", "ends_at": "24:00"}


async def test_the_week_is_replaced_as_a_whole(world: World) -> None:
    sarah = await world.specialist(open="tue-fri 10:00-11:00", time_zone="Asia/Dubai")

    reply = await sarah.put("/specialists/me/availability", {"rules": [LATE, MONDAY]})

    assert reply.status == 200, reply.json
    assert reply.json == {"time_zone": "Asia/Dubai", "rules": [MONDAY, LATE]}
    for reader in (world.anonymous, sarah, await world.client()):
        assert (await reader.get(f"/specialists/{sarah.id}/availability")).json == reply.json
    assert (await sarah.get("/specialists/me/availability")).json == reply.json


async def test_a_week_may_be_sent_back_as_it_is(world: World) -> None:
    sarah = await world.specialist(open="mon-fri 09:00-24:00")
    week = (await sarah.get("/specialists/me/availability")).json
    assert (await sarah.put("/specialists/me/availability", week)).json == week


async def test_what_is_not_said_has_its_default(world: World) -> None:
    sarah = await world.specialist()
    rule = {"weekday": 0, "starts_at": "00:00", "ends_at": "24:00"}
    reply = await sarah.put("/specialists/me/availability", {"rules": [rule]})
    assert reply.json["rules"] == [
        {**rule, "slot_minutes": 30, "buffer_minutes": 0, "max_bookings_per_day": None,
         "is_active": True}
    ]  # fmt: skip


async def test_free_times_follow_the_new_week_at_once(world: World) -> None:
    sarah = await world.specialist(open="sun-sat 00:00-24:00")
    await sarah.put("/specialists/me/availability", {"rules": [MONDAY]})
    slots = await world.anonymous.get(f"/specialists/{sarah.id}/slots")
    starts = {slot["starts_at"][11:16] for slot in slots.json["items"]}
    assert starts == {"09:00", "10:00", "11:00"}
    await sarah.put("/specialists/me/availability", {"rules": []})
    assert (await world.anonymous.get(f"/specialists/{sarah.id}/slots")).json["items"] == []


async def test_inactive_hours_are_their_owners_alone(world: World) -> None:
    sarah, other = await world.specialist(), await world.specialist("Dr. Omar")
    week = {"rules": [MONDAY, LATE | {"is_active": False}]}
    await sarah.put("/specialists/me/availability", week)
    path = f"/specialists/{sarah.id}/availability"
    for stranger in (world.anonymous, await world.client(), other):
        assert (await stranger.get(path)).json["rules"] == [MONDAY]
    assert len((await sarah.get(path)).json["rules"]) == 2


async def test_a_zone_that_is_said_becomes_the_pages(world: World) -> None:
    sarah = await world.specialist(time_zone="UTC")
    await sarah.put(
        "/specialists/me/availability", {"time_zone": "Europe/Berlin", "rules": [MONDAY]}
    )
    assert (await sarah.get("/specialists/me")).json["time_zone"] == "Europe/Berlin"


async def test_a_zone_that_the_database_does_not_know_is_a_wrong_request(world: World) -> None:
    """Python's list of zones may be younger than the server's, whose word counts."""
    with pytest.raises(UnknownTimeZone):
        async with world.app.state.database.read(ANONYMOUS) as work:
            await work.execute("SELECT app.now() AT TIME ZONE $1", "Mars/Olympus")


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekday": 7},
        {"weekday": -1},
        {"starts_at": "9:00"},
        {"starts_at": "24:00"},
        {"starts_at": "09:60"},
        {"starts_at": 540},
        {"ends_at": "24:01"},
        {"ends_at": "09:00"},
        {"ends_at": "08:00"},
        {"slot_minutes": 0},
        {"slot_minutes": 1441},
        {"buffer_minutes": 241},
        {"max_bookings_per_day": 0},
        {"id": "0190b2c6-0000-7000-8000-000000000000"},
        {"specialist_id": "0190b2c6-0000-7000-8000-000000000000"},
    ],
)
async def test_hours_that_do_not_fit_are_refused_and_change_nothing(
    world: World, wrong: dict[str, Any]
) -> None:
    sarah = await world.specialist()
    before = (await sarah.get("/specialists/me/availability")).json
    reply = await sarah.put("/specialists/me/availability", {"rules": [MONDAY, MONDAY | wrong]})
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert (await sarah.get("/specialists/me/availability")).json == before


async def test_a_week_is_bounded(world: World) -> None:
    sarah = await world.specialist()
    assert (
        await sarah.put("/specialists/me/availability", {"rules": [MONDAY] * 100})
    ).status == 200
    reply = await sarah.put("/specialists/me/availability", {"rules": [MONDAY] * 101})
    assert reply.status == 422
    reply = await sarah.put("/specialists/me/availability", {"time_zone": "+04:00", "rules": []})
    assert reply.status == 422


async def test_only_its_owner_writes_a_week(world: World) -> None:
    week = {"rules": [MONDAY]}
    path = "/specialists/me/availability"
    assert (await world.anonymous.put(path, week)).status == 401
    assert (await (await world.client()).put(path, week)).status == 403
    assert (await (await world.admin()).put(path, week)).status == 403
    person = await world.client()
    await world.superuser.execute(
        "UPDATE app.users SET role = 'specialist' WHERE id = $1", person.id
    )
    reply = await person.put(path, week)
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")


async def test_a_week_waits_for_the_calendar_and_counts_as_a_change(world: World) -> None:
    sarah = await world.specialist()
    before = await revision(world, sarah.id)
    async with world.database.connected() as booking, booking.transaction():
        await booking.execute(
            "SELECT 1 FROM app.calendars WHERE specialist_id = $1 FOR UPDATE", sarah.id
        )
        put = asyncio.create_task(sarah.put("/specialists/me/availability", {"rules": [MONDAY]}))
        await asyncio.sleep(0.3)
        assert not put.done(), "the lock is held, so the week has to wait"
    assert (await put).status == 200
    assert await revision(world, sarah.id) == before + 1


async def test_only_who_may_takes_the_calendars_lock(world: World) -> None:
    """The function behind it, asked directly: a stranger's id gives nothing away."""
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    async with world.database.connected("consulta_api") as connection:
        for caller, owner in ((sarah.id, omar.id), ("", omar.id)):
            async with connection.transaction():
                await connection.execute(
                    "SELECT set_config('role', 'consulta_user', true),"
                    f" set_config('app.user_id', '{caller}', true)"
                )
                with pytest.raises(asyncpg.PostgresError, match="SPECIALIST_NOT_FOUND"):
                    async with connection.transaction():
                        await connection.execute("SELECT app.lock_calendar($1)", owner)


async def test_old_and_new_hours_are_on_the_record(world: World) -> None:
    sarah = await world.specialist(open="tue 10:00-11:00")
    await sarah.put("/specialists/me/availability", {"rules": [MONDAY]})
    [entry] = await world.rows(
        "SELECT old_values, new_values, actor_id FROM app.audit_logs"
        " WHERE action = 'availability_replaced'"
    )
    assert entry["actor_id"] == sarah.id
    assert '"weekday": 2' in entry["old_values"]
    assert '"weekday": 1' in entry["new_values"]


async def revision(world: World, specialist_id: Any) -> int:
    found: int = await world.value(
        "SELECT revision FROM app.calendars WHERE specialist_id = $1", specialist_id
    )
    return found
