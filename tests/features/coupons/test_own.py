"""A specialist's own coupons: made, read, changed, ended, and who used them."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from consulta.features.coupons.rules import MOST_ACTIVE
from tests.world import World

COUPONS = "/specialists/me/coupons"
TEN: dict[str, Any] = {"code": "TEN", "kind": "percent", "percent": 10}
FIVE = {
    "code": "FIVE",
    "kind": "fixed",
    "amount": {"amount_minor": 500, "currency": "USD"},
}

_MANY = """
INSERT INTO app.coupons (specialist_id, code, kind, percent)
SELECT $1, 'CODE-' || n, 'percent', 10 FROM generate_series(1, $2) n
"""


# Time enough between the look at the others and the addition.
_SLOWLY = """
CREATE FUNCTION testing.slowly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(0.05);
    RETURN NEW;
END
$$;
CREATE TRIGGER slowly BEFORE INSERT OR UPDATE ON app.coupons
    FOR EACH ROW EXECUTE FUNCTION testing.slowly();
"""


async def test_a_coupon_is_made_and_read(world: World) -> None:
    sarah = await world.specialist()
    body = {
        **FIVE,
        "code": " spring-5_a ",
        "description": "For spring",
        "minimum": {"amount_minor": 10_000, "currency": "USD"},
        "most_uses": 100,
        "most_uses_per_client": 1,
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2099-01-01T00:00:00Z",
    }

    reply = await sarah.post(COUPONS, body)

    assert reply.status == 201, reply.json
    assert reply.json == {
        **body,
        "id": reply.json["id"],
        "specialist_id": str(sarah.id),
        "code": "SPRING-5_A",
        "percent": None,
        "currency": "USD",
        "used_count": 0,
        "is_active": True,
        "created_at": reply.json["created_at"],
        "updated_at": reply.json["updated_at"],
    }
    assert await sarah.sees(COUPONS) == [reply.json]
    assert (await sarah.get(f"{COUPONS}/{reply.json['id']}")).json == reply.json
    (entry,) = await world.rows("SELECT * FROM app.audit_logs WHERE action = 'coupon_added'")
    assert str(entry["actor_id"]) == str(sarah.id)


async def test_what_is_not_said_has_no_limit(world: World) -> None:
    sarah = await world.specialist()
    made = (await sarah.post(COUPONS, {**TEN, "description": "", "valid_until": ""})).json
    nothing = ("amount", "currency", "minimum", "most_uses", "most_uses_per_client")
    assert {made[name] for name in (*nothing, "valid_until", "description")} == {None}
    assert made["valid_from"] == made["created_at"]


@pytest.mark.parametrize(
    "bad",
    [
        {"code": "AB"},
        {"code": "A" * 41},
        {"code": "TEN PERCENT"},
        {"code": "ZÄHN"},
        {"code": "-TEN"},
        {"percent": 0},
        {"percent": 101},
        {"percent": 9.5},
        {"percent": None},
        {"kind": "fixed"},
        {"kind": "half"},
        {"amount": FIVE["amount"]},
        {"kind": "fixed", "percent": None, "amount": {"amount_minor": 0, "currency": "USD"}},
        {"minimum": {"amount_minor": 0, "currency": "USD"}},
        {**FIVE, "percent": None, "minimum": {"amount_minor": 1, "currency": "EUR"}},
        {"most_uses": 0},
        {"most_uses_per_client": 0},
        {"specialist_id": str(uuid4())},
        {"used_count": 0},
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, bad: dict[str, Any]) -> None:
    sarah = await world.specialist()
    reply = await sarah.post(COUPONS, TEN | bad)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert await world.value("SELECT count(*) FROM app.coupons") == 0


async def test_it_does_not_end_before_it_begins(world: World) -> None:
    sarah = await world.specialist()
    ends = {"valid_until": "2026-06-01T00:00:00Z"}
    for begins in ("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"):
        reply = await sarah.post(COUPONS, TEN | ends | {"valid_from": begins})
        assert (reply.status, reply.code) == (422, "INVALID_COUPON_PERIOD")
    made = (await sarah.post(COUPONS, TEN | {"valid_from": "2026-05-31T23:59:59Z"} | ends)).json
    late = {"valid_from": "2026-06-01T00:00:00Z"}
    reply = await sarah.patch(f"{COUPONS}/{made['id']}", late)
    assert (reply.status, reply.code) == (422, "INVALID_COUPON_PERIOD")


async def test_a_code_is_taken_once_for_each_owner_and_for_ever(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    ada = await world.admin()
    made = (await sarah.post(COUPONS, TEN)).json
    await sarah.patch(f"{COUPONS}/{made['id']}", {"is_active": False})

    again = await sarah.post(COUPONS, TEN | {"code": "ten"})

    assert (again.status, again.code) == (409, "COUPON_CODE_TAKEN")
    assert (await omar.post(COUPONS, TEN)).status == 201
    assert (await ada.post("/admin/coupons", TEN)).status == 201
    house = await ada.post("/admin/coupons", TEN)
    assert (house.status, house.code) == (409, "COUPON_CODE_TAKEN")


async def test_the_same_key_makes_one_coupon(world: World) -> None:
    sarah = await world.specialist()
    first = await sarah.post(COUPONS, TEN, key="ten")
    again = await sarah.post(COUPONS, TEN, key="ten")
    assert (again.status, again.content) == (201, first.content)
    assert len(await sarah.sees(COUPONS)) == 1


async def test_terms_change_and_the_discount_does_not(world: World) -> None:
    sarah = await world.specialist()
    limits = {"most_uses": 5, "most_uses_per_client": 1, "valid_until": "2099-01-01T00:00:00Z"}
    made = (await sarah.post(COUPONS, FIVE | limits | {"description": "Five"})).json
    path = f"{COUPONS}/{made['id']}"

    few = await sarah.patch(path, {"most_uses": 7, "is_active": None, "valid_from": None})
    assert few.json == {**made, "most_uses": 7, "updated_at": few.json["updated_at"]}
    emptied = dict.fromkeys((*limits, "description", "minimum"))
    none = await sarah.patch(path, emptied)
    assert none.json == {**made, **emptied, "updated_at": none.json["updated_at"]}
    minimum = {"amount_minor": 700, "currency": "USD"}
    assert (await sarah.patch(path, {"minimum": minimum})).json["minimum"] == minimum
    for fixed in ({"code": "SIX"}, {"percent": 5}, {"amount": minimum}, {"kind": "percent"}):
        reply = await sarah.patch(path, fixed)
        assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    entries = await world.rows(
        "SELECT old_values, new_values FROM app.audit_logs WHERE action = 'coupon_changed'"
    )
    assert len(entries) == 3


async def test_a_minimum_has_the_currency_of_the_coupon(world: World) -> None:
    sarah = await world.specialist()
    ten, five = [(await sarah.post(COUPONS, one)).json["id"] for one in (TEN, FIVE)]
    minimum = {"minimum": {"amount_minor": 700, "currency": "EUR"}}
    for coupon in (ten, five):
        reply = await sarah.patch(f"{COUPONS}/{coupon}", minimum)
        assert (reply.status, reply.code) == (422, "COUPON_CURRENCY_MISMATCH")


async def test_no_more_than_two_hundred_are_active(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    await world.superuser.execute(_MANY, sarah.id, MOST_ACTIVE - 1)
    inactive = (await sarah.post(COUPONS, TEN | {"is_active": False})).json
    await world.superuser.execute(_SLOWLY)
    wishes = [sarah.post(COUPONS, TEN | {"code": f"RACE-{n}"}) for n in range(8)]

    replies = await asyncio.gather(
        *wishes, sarah.patch(f"{COUPONS}/{inactive['id']}", {"is_active": True})
    )

    refused = [reply for reply in replies if reply.status == 409]
    assert {reply.code for reply in refused} == {"TOO_MANY_COUPONS"}
    assert len(refused) == len(replies) - 1
    active = "SELECT count(*) FROM app.coupons WHERE specialist_id = $1 AND is_active"
    assert await world.value(active, sarah.id) == MOST_ACTIVE
    # Ended ones and other people's do not count, and what is active already stays so.
    assert (await sarah.post(COUPONS, FIVE | {"is_active": False})).status == 201
    assert (await omar.post(COUPONS, TEN)).status == 201
    first = await world.value("SELECT id FROM app.coupons WHERE code = 'CODE-1'")
    assert (await sarah.patch(f"{COUPONS}/{first}", {"is_active": True})).status == 200
    assert (await sarah.patch(f"{COUPONS}/{first}", {"is_active": False})).status == 200
    assert (await sarah.post(COUPONS, TEN | {"code": "ROOM"})).status == 201


async def test_lists_are_paged_and_filtered(world: World) -> None:
    sarah = await world.specialist()
    await world.superuser.execute(_MANY, sarah.id, 5)
    first = (await sarah.get(f"{COUPONS}?limit=3")).json
    rest = (await sarah.get(f"{COUPONS}?limit=3&cursor={first['next_cursor']}")).json
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 2, None)
    ids = [one["id"] for one in first["items"] + rest["items"]]
    assert ids == sorted(set(ids), reverse=True)
    await sarah.patch(f"{COUPONS}/{ids[0]}", {"is_active": False})
    ended = await sarah.sees(f"{COUPONS}?is_active=false")
    assert [one["id"] for one in ended] == [ids[0]]


async def test_nobody_reaches_another_ones_coupon(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    ada = await world.admin()
    theirs = (await omar.post(COUPONS, TEN)).json["id"]
    house = (await ada.post("/admin/coupons", TEN)).json["id"]
    for foreign in (theirs, house, uuid4()):
        path = f"{COUPONS}/{foreign}"
        replies = [
            await sarah.get(path),
            await sarah.patch(path, {"is_active": False}),
            await sarah.get(f"{path}/usages"),
        ]
        assert {(one.status, one.code) for one in replies} == {(404, "COUPON_NOT_FOUND")}
    assert await sarah.sees(COUPONS) == []
    assert await world.value("SELECT bool_and(is_active) FROM app.coupons")


async def test_only_a_specialist_with_a_page_has_coupons(world: World) -> None:
    anna, sarah = await world.client(), await world.specialist()
    reply = await anna.post(COUPONS, TEN)
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    await world.superuser.execute(
        "DELETE FROM app.specialist_rates; DELETE FROM app.availability_rules;"
        " DELETE FROM app.calendars; DELETE FROM app.specialists"
    )
    reply = await sarah.post(COUPONS, TEN)
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")


async def test_the_owner_sees_who_used_it(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    made = (await sarah.post(COUPONS, TEN)).json
    hers = await anna.books(sarah, "mon 10:00", coupon_code="TEN")
    his = await ben.books(sarah, "mon 11:00", coupon_code="ten")
    assert (await ben.post(f"/bookings/{his['id']}/cancel")).status == 200
    path = f"{COUPONS}/{made['id']}"

    page = (await sarah.get(f"{path}/usages?limit=1")).json
    rest = (await sarah.get(f"{path}/usages?cursor={page['next_cursor']}")).json

    (last,), (first,) = page["items"], rest["items"]
    assert rest["next_cursor"] is None
    discount = {"amount_minor": 2_000, "currency": "USD"}
    assert first == {
        "id": first["id"],
        "booking_id": hers["id"],
        "client_id": str(anna.id),
        "client_name": "Anna",
        "discount": discount,
        "state": "used",
        "created_at": first["created_at"],
        "returned_at": None,
    }
    assert (last["booking_id"], last["state"], last["discount"]) == (
        his["id"],
        "returned",
        discount,
    )
    assert last["returned_at"] is not None
    assert (await sarah.get(path)).json["used_count"] == 1
    assert [one["used_count"] for one in await sarah.sees(COUPONS)] == [1]
