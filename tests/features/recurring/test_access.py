"""Who may do what with a series: pure questions, and strangers at every door."""

from typing import Any
from uuid import uuid4

import pytest

from consulta.features.recurring import access
from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden
from tests.features.recurring.standing import WEEK, created, day, seen
from tests.world import World

SARAH = uuid4()


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (Actor(Role.SPECIALIST, SARAH), True),
        (Actor(Role.SPECIALIST, uuid4()), False),
        (Actor(Role.CLIENT, uuid4()), False),
        (Actor(Role.ADMIN, uuid4()), True),
    ],
)
def test_who_accepts(actor: Actor, may: bool) -> None:
    assert access.may_accept(actor, specialist_id=SARAH) is may
    if may:
        access.ensure_may_accept(actor, specialist_id=SARAH)
    else:
        with pytest.raises(Forbidden):
            access.ensure_may_accept(actor, specialist_id=SARAH)


DOORS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "", None),
    ("PATCH", "", {"note": "mine"}),
    ("PATCH", "", {"note": "mine", "dry_run": True}),
    ("POST", "/pause", None),
    ("POST", "/resume", None),
    ("DELETE", "", None),
    ("DELETE", "?scope=one&date={date}", None),
    ("DELETE", "?scope=following&date={date}", None),
)


@pytest.mark.parametrize("who", ["other client", "other specialist"])
async def test_a_stranger_finds_nothing_at_any_door(world: World, who: str) -> None:
    sarah, omar = await world.specialist(open=WEEK), await world.specialist("Omar", open=WEEK)
    anna, ben = await world.client(), await world.client("Ben")
    one = await created(anna, sarah, start_date=day(sarah, 20))
    before = await world.rows("SELECT * FROM app.recurring_bookings")
    stranger = {"other client": ben, "other specialist": omar}[who]
    for method, tail, body in DOORS:
        path = f"/recurring-bookings/{one['id']}" + tail.format(date=one["start_date"])
        reply = await stranger.request(method, path, body)
        assert (reply.status, reply.code) == (404, "SERIES_NOT_FOUND"), (method, tail)
    accepting = await stranger.post(f"/recurring-bookings/{one['id']}/accept")
    assert accepting.status == (404 if stranger is omar else 403)
    assert await stranger.sees("/recurring-bookings") == []
    assert await world.rows("SELECT * FROM app.recurring_bookings") == before


async def test_both_parties_and_an_admin_see_it(world: World) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    one = await created(anna, sarah, start_date=day(sarah, 20), note="My back.")
    for person in (anna, sarah, await world.admin()):
        found = await seen(person, one)
        assert (found["id"], found["note"]) == (one["id"], "My back.")
        assert [item["id"] for item in await person.sees("/recurring-bookings")] == [one["id"]]


async def test_lists_are_by_role_and_status_the_newest_first(world: World) -> None:
    sarah, omar = await world.specialist(open=WEEK), await world.specialist("Omar", open=WEEK)
    anna = await world.client()
    with_sarah = [
        (await created(anna, sarah, start_date=day(sarah, 20 + number)))["id"]
        for number in range(3)
    ]
    omars_own = (await created(omar, sarah, start_date=day(sarah, 30)))["id"]
    as_specialist = (await created(anna, omar, start_date=day(sarah, 30)))["id"]
    await anna.post(f"/recurring-bookings/{with_sarah[0]}/pause")

    async def ids(query: str) -> list[str]:
        return [item["id"] for item in await omar.sees(f"/recurring-bookings{query}")]

    assert await ids("") == [as_specialist, omars_own]
    assert await ids("?role=client") == [omars_own]
    assert await ids("?role=specialist") == [as_specialist]
    mine = [item["id"] for item in await anna.sees("/recurring-bookings?status=active")]
    assert mine == [as_specialist, with_sarah[2], with_sarah[1]]
    first = await anna.get("/recurring-bookings?limit=3")
    rest = await anna.get(f"/recurring-bookings?limit=3&cursor={first.json['next_cursor']}")
    assert [item["id"] for item in (*first.json["items"], *rest.json["items"])] == [
        *(as_specialist, *reversed(with_sarah))
    ]
    assert rest.json["next_cursor"] is None
