"""Packages on offer: the owner's, the public's, and admins' many at once."""

from typing import Any
from uuid import uuid4

import pytest

from tests.features.packages.shop import bought, offer, offered
from tests.world import Specialist, World


async def test_an_offered_package_shows_its_list_price_and_what_a_session_costs(
    world: World,
) -> None:
    sarah = await world.specialist()
    made = await offered(sarah, description="For beginners.", valid_for_days=90)
    assert made["price"] == {"amount_minor": 8_000, "currency": "USD"}
    assert made["list_price"] == {"amount_minor": 10_000, "currency": "USD"}
    assert made["price_per_session"] == {"amount_minor": 2_000, "currency": "USD"}
    assert (made["session_count"], made["discount_percentage"]) == (4, 20)
    assert (made["valid_for_days"], made["is_active"]) == (90, True)
    assert await world.anonymous.sees(f"/specialists/{sarah.id}/packages") == [made]


async def test_given_away_it_has_no_list_price(world: World) -> None:
    sarah = await world.specialist()
    free = {"amount_minor": 0, "currency": "USD"}
    made = await offered(sarah, price=free, discount_percentage=100)
    assert (made["list_price"], made["price_per_session"]) == (None, free)
    reply = await sarah.post("/specialists/me/packages", offer(sarah, discount_percentage=100))
    assert (reply.status, reply.code) == (422, "PACKAGE_NOT_FREE")


async def test_the_public_sees_what_is_offered_and_the_owner_sees_all(world: World) -> None:
    sarah = await world.specialist()
    dear = await offered(sarah, name="Dear", price={"amount_minor": 9_000, "currency": "USD"})
    hidden = await offered(sarah, name="Hidden", is_active=False)
    cheap = await offered(sarah, name="Cheap")
    other = await offered(sarah, name="Other", rate_id=str(sarah.rates["followup"]))
    await sarah.patch(f"/specialists/me/rates/{sarah.rates['followup']}", {"is_active": False})

    public = await world.anonymous.sees(f"/specialists/{sarah.id}/packages")
    own = await sarah.sees("/specialists/me/packages")

    assert public == [cheap, dear]
    assert own == [other, cheap, hidden, dear]
    first = await sarah.get("/specialists/me/packages?limit=3")
    second = await sarah.get(
        "/specialists/me/packages", params={"limit": 3, "cursor": first.json["next_cursor"]}
    )
    assert first.json["items"] + second.json["items"] == own
    assert second.json["next_cursor"] is None


async def test_of_a_page_that_is_not_public_nothing_is_shown(world: World) -> None:
    sarah, anna = await world.specialist(verified=False), await world.client()
    await offered(sarah)
    for who in (anna, world.anonymous):
        reply = await who.get(f"/specialists/{sarah.id}/packages")
        assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
    assert (await anna.get(f"/specialists/{uuid4()}/packages")).status == 404


async def test_what_was_sent_is_changed_and_purchases_keep_what_was_bought(world: World) -> None:
    purchase = await bought(world, valid_for_days=30)
    before = await purchase.seen()
    path = f"/specialists/me/packages/{purchase.package['id']}"
    changes: dict[str, Any] = {
        "name": "Five sessions",
        "description": "Longer.",
        "rate_id": str(purchase.sarah.rates["followup"]),
        "session_count": 5,
        "price": {"amount_minor": 9_000, "currency": "USD"},
        "discount_percentage": 10,
        "valid_for_days": None,
    }

    reply = await purchase.sarah.patch(path, changes)

    assert reply.status == 200
    assert {name: reply.json[name] for name in changes} == changes
    assert reply.json["list_price"]["amount_minor"] == 10_000
    assert await purchase.seen() == before
    again = await purchase.sarah.patch(path, {"name": "", "description": ""})
    assert (again.json["name"], again.json["description"]) == ("Five sessions", None)


async def test_a_package_is_its_owners_alone(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    made = await offered(sarah)
    path = f"/specialists/me/packages/{made['id']}"
    reply = await omar.patch(path, {"name": "Mine"})
    assert (reply.status, reply.code) == (404, "PACKAGE_NOT_FOUND")
    stolen = offer(sarah)
    assert (await omar.post("/specialists/me/packages", stolen)).code == "RATE_NOT_FOUND"
    theirs = {"rate_id": str(omar.rates["standard"])}
    assert (await sarah.patch(path, theirs)).code == "RATE_NOT_FOUND"
    assert (await (await world.client()).post("/specialists/me/packages", stolen)).status == 403


async def test_without_a_page_there_is_nothing_to_offer(world: World) -> None:
    sarah = await world.specialist()
    anna = await world.client()
    await world.superuser.execute("UPDATE app.users SET role = 'specialist' WHERE id = $1", anna.id)
    reply = await anna.post("/specialists/me/packages", offer(sarah))
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
    assert (await anna.patch(f"/specialists/me/packages/{uuid4()}", {})).status == 404


async def test_a_rate_off_the_offer_sells_no_package(world: World) -> None:
    sarah = await world.specialist()
    made = await offered(sarah)
    path = f"/specialists/me/packages/{made['id']}"
    await sarah.patch(f"/specialists/me/rates/{made['rate_id']}", {"is_active": False})
    assert (await sarah.post("/specialists/me/packages", offer(sarah))).code == "RATE_NOT_FOUND"
    assert (await sarah.patch(path, {"name": "Still mine"})).status == 200
    assert (await sarah.patch(path, {"is_active": False})).status == 200
    assert (await sarah.patch(path, {"is_active": True})).code == "RATE_NOT_FOUND"


async def test_at_most_a_hundred_are_on_offer(world: World) -> None:
    sarah, ada = await world.specialist(), await world.admin()
    items = [offer(sarah, specialist_id=str(sarah.id)) for _ in range(100)]
    assert (await ada.post("/admin/packages", {"items": items})).status == 201
    assert len(await world.anonymous.sees(f"/specialists/{sarah.id}/packages")) == 100

    reply = await sarah.post("/specialists/me/packages", offer(sarah))
    spare = await offered(sarah, is_active=False)
    path = f"/specialists/me/packages/{spare['id']}"

    assert (reply.status, reply.code) == (409, "TOO_MANY_PACKAGES")
    assert (await sarah.patch(path, {"is_active": True})).code == "TOO_MANY_PACKAGES"
    (one, *_) = await world.anonymous.sees(f"/specialists/{sarah.id}/packages")
    await sarah.patch(f"/specialists/me/packages/{one['id']}", {"is_active": False})
    assert (await sarah.patch(path, {"is_active": True})).status == 200


async def test_admins_add_many_for_many_or_none(world: World) -> None:
    sarah, omar, ada = (
        await world.specialist(),
        await world.specialist("Dr. Omar"),
        await world.admin(),
    )

    def item(whose: Specialist, **changes: Any) -> dict[str, Any]:
        return offer(whose, specialist_id=str(whose.id), **changes)

    bad = [
        item(sarah),
        item(sarah, rate_id=str(omar.rates["standard"])),
        item(omar, discount_percentage=100),
        {**item(omar), "specialist_id": str(uuid4())},
    ]
    reply = await ada.post("/admin/packages", {"items": bad})
    assert (reply.status, reply.code) == (422, "PACKAGES_NOT_ADDED")
    assert [(one["index"], one["code"]) for one in reply.json["errors"]] == [
        (1, "RATE_NOT_FOUND"),
        (2, "PACKAGE_NOT_FREE"),
        (3, "SPECIALIST_NOT_FOUND"),
    ]
    assert await world.value("SELECT count(*) FROM app.booking_packages") == 0

    reply = await ada.post("/admin/packages", {"items": [item(omar), item(sarah, name="Hers")]})
    assert reply.status == 201
    assert [one["specialist_id"] for one in reply.json["items"]] == [str(omar.id), str(sarah.id)]
    assert (
        await world.anonymous.sees(f"/specialists/{sarah.id}/packages") == reply.json["items"][1:]
    )
    audited = await world.rows("SELECT actor FROM app.audit_logs WHERE action = 'package.added'")
    assert len(audited) == 2


@pytest.mark.parametrize("size", [0, 101])
async def test_many_are_one_to_a_hundred(world: World, size: int) -> None:
    sarah, ada = await world.specialist(), await world.admin()
    items = [offer(sarah, specialist_id=str(sarah.id))] * size
    reply = await ada.post("/admin/packages", {"items": items})
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert (await sarah.post("/admin/packages", {"items": items[:1]})).status == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"session_count": 0},
        {"session_count": 501},
        {"price": {"amount_minor": -1, "currency": "USD"}},
        {"price": {"amount_minor": 1, "currency": "usd"}},
        {"discount_percentage": 101},
        {"discount_percentage": -1},
        {"valid_for_days": 0},
        {"valid_for_days": 3651},
        {"name": ""},
        {"specialist_id": str(uuid4())},
    ],
)
async def test_what_is_no_package_is_refused(world: World, changes: dict[str, Any]) -> None:
    sarah = await world.specialist()
    reply = await sarah.post("/specialists/me/packages", offer(sarah, **changes))
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_the_same_key_adds_once(world: World) -> None:
    sarah = await world.specialist()
    first = await sarah.post("/specialists/me/packages", offer(sarah), key="one")
    again = await sarah.post("/specialists/me/packages", offer(sarah), key="one")
    assert first.content == again.content
    assert len(await sarah.sees("/specialists/me/packages")) == 1
