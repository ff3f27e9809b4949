"""Coupons of the house and of any specialist, in the hands of admins."""

from typing import Any
from uuid import uuid4

from tests.features.coupons.coupon_desk import asks, offers
from tests.world import World

COUPONS = "/admin/coupons"
TEN: dict[str, Any] = {"code": "ten", "kind": "percent", "percent": 10}


async def test_a_coupon_of_the_house_is_good_everywhere(world: World) -> None:
    ada, anna = await world.admin(), await world.client()
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar", currency="EUR")
    made = await ada.post(COUPONS, TEN)
    assert made.status == 201, made.json
    assert (made.json["specialist_id"], made.json["code"]) == (None, "TEN")
    for one in (sarah, omar):
        assert (await anna.books(one, "mon 10:00", coupon_code="TEN"))["discount"] == {
            "amount_minor": 2_000,
            "currency": "EUR" if one is omar else "USD",
        }
    assert [one["used_count"] for one in await ada.sees(COUPONS)] == [2]
    # No specialist sees it among the own ones.
    assert await sarah.sees("/specialists/me/coupons") == []


async def test_an_admin_makes_and_ends_a_specialists_coupon(world: World) -> None:
    ada, sarah, anna = await world.admin(), await world.specialist(), await world.client()
    made = (await ada.post(COUPONS, TEN | {"specialist_id": str(sarah.id)})).json
    assert await sarah.sees("/specialists/me/coupons") == [made]
    ended = await ada.patch(f"{COUPONS}/{made['id']}", {"is_active": False})
    assert ended.json == {**made, "is_active": False, "updated_at": ended.json["updated_at"]}
    assert (await asks(anna, sarah, "TEN")).code == "COUPON_NOT_FOUND"
    entries = await world.rows(
        "SELECT action, actor_id FROM app.audit_logs WHERE action LIKE 'coupon%' ORDER BY id"
    )
    assert [(one["action"], one["actor_id"]) for one in entries] == [
        ("coupon_added", ada.id),
        ("coupon_changed", ada.id),
    ]


async def test_what_is_not_there(world: World) -> None:
    ada = await world.admin()
    for nobody in (uuid4(), ada.id):
        reply = await ada.post(COUPONS, TEN | {"specialist_id": str(nobody)})
        assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
    reply = await ada.patch(f"{COUPONS}/{uuid4()}", {"is_active": False})
    assert (reply.status, reply.code) == (404, "COUPON_NOT_FOUND")


async def test_the_list_can_be_narrowed(world: World) -> None:
    ada, sarah, omar = await world.admin(), await world.specialist(), await world.specialist()
    house = (await ada.post(COUPONS, TEN)).json
    hers, his = await offers(sarah), await offers(omar, "OTHER")
    await omar.patch(f"/specialists/me/coupons/{his['id']}", {"is_active": False})

    async def found(**asked: Any) -> list[str]:
        items = (await ada.get(COUPONS, params=asked)).json["items"]
        return [one["id"] for one in items]

    everything = [his["id"], hers["id"], house["id"]]
    assert await found() == everything
    assert await found(is_of_house=True) == [house["id"]]
    assert await found(is_of_house=False) == everything[:2]
    assert await found(specialist_id=sarah.id) == [hers["id"]]
    assert await found(code="Ten") == [hers["id"], house["id"]]
    assert await found(is_active=False) == [his["id"]]
    first = (await ada.get(COUPONS, params={"limit": 2})).json
    second = await ada.get(COUPONS, params={"cursor": first["next_cursor"]})
    assert [one["id"] for one in first["items"] + second.json["items"]] == everything


async def test_it_is_not_for_others(world: World) -> None:
    for person in (await world.specialist(), await world.client()):
        for reply in (await person.get(COUPONS), await person.post(COUPONS, TEN)):
            assert (reply.status, reply.code) == (403, "FORBIDDEN")
