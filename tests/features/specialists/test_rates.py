"""Rates: what can be booked, and for how much."""

from typing import Any
from uuid import uuid4

import pytest

from tests.world import World

TALK: dict[str, Any] = {
    "kind": "long_talk",
    "name": "A long talk",
    "description": "An hour and a half",
    "price": {"amount_minor": 30_000, "currency": "USD"},
    "duration_minutes": 90,
}


async def test_a_rate_is_added_and_offered(world: World) -> None:
    sarah = await world.specialist()

    reply = await sarah.post("/specialists/me/rates", TALK)

    assert reply.status == 201, reply.json
    assert reply.json == {**TALK, "id": reply.json["id"], "is_active": True}
    offered = await world.anonymous.sees(f"/specialists/{sarah.id}/rates")
    assert reply.json in offered
    assert [rate["kind"] for rate in offered] == ["followup", "standard", "long_talk"]


async def test_one_rate_of_a_kind(world: World) -> None:
    sarah = await world.specialist()
    reply = await sarah.post("/specialists/me/rates", TALK | {"kind": "standard"})
    assert (reply.status, reply.code) == (409, "RATE_KIND_TAKEN")


async def test_the_same_key_adds_one_rate(world: World) -> None:
    sarah = await world.specialist()
    first = await sarah.post("/specialists/me/rates", TALK, key="add-a-talk")
    again = await sarah.post("/specialists/me/rates", TALK, key="add-a-talk")
    other = await sarah.post("/specialists/me/rates", TALK | {"name": "Other"}, key="add-a-talk")

    assert (again.status, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_rate_taken_off_the_offer_is_seen_by_its_owner_alone(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    rate = sarah.rates["followup"]

    reply = await sarah.patch(f"/specialists/me/rates/{rate}", {"is_active": False})

    assert reply.json["is_active"] is False
    for reader in (world.anonymous, anna, sarah):
        kinds = [one["kind"] for one in await reader.sees(f"/specialists/{sarah.id}/rates")]
        assert kinds == ["standard"]
    own = await sarah.sees("/specialists/me/rates")
    assert {one["kind"]: one["is_active"] for one in own} == {"standard": True, "followup": False}
    page = await world.anonymous.get(f"/specialists/{sarah.id}")
    assert page.json["from_price"] == {"amount_minor": 20_000, "currency": "USD"}


async def test_a_patch_changes_what_was_sent(world: World) -> None:
    sarah = await world.specialist(minutes=50)
    path = f"/specialists/me/rates/{sarah.rates['standard']}"
    before = (await sarah.get("/specialists/me/rates")).json["items"][0]

    price = {"amount_minor": 1, "currency": "JPY"}
    reply = await sarah.patch(path, {"price": price, "duration_minutes": None, "name": None})

    assert reply.json == {**before, "price": price, "duration_minutes": None}


async def test_nobody_reaches_another_ones_rate(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    for foreign in (omar.rates["standard"], uuid4()):
        reply = await sarah.patch(f"/specialists/me/rates/{foreign}", {"is_active": False})
        assert (reply.status, reply.code) == (404, "RATE_NOT_FOUND")
    assert len(await sarah.sees(f"/specialists/{omar.id}/rates")) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": {"amount_minor": -1, "currency": "USD"}},
        {"price": {"amount_minor": 2**63, "currency": "USD"}},
        {"price": {"amount_minor": 10.5, "currency": "USD"}},
        {"price": {"amount_minor": 1, "currency": "usd"}},
        {"price": {"amount_minor": 1}},
        {"price": 100},
        {"kind": "With Spaces"},
        {"name": "x" * 121},
        {"duration_minutes": 4},
        {"duration_minutes": 1441},
        {"specialist_id": "0190b2c6-0000-7000-8000-000000000000"},
        {"is_active": True},
    ],
)
async def test_what_does_not_fit_is_refused(world: World, wrong: dict[str, Any]) -> None:
    sarah = await world.specialist()
    reply = await sarah.post("/specialists/me/rates", TALK | wrong)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert len(await sarah.sees("/specialists/me/rates")) == 2


async def test_rates_are_bounded_in_number(world: World) -> None:
    sarah = await world.specialist()
    await world.superuser.execute(
        "INSERT INTO app.specialist_rates (specialist_id, kind, name, price_minor, currency)"
        " SELECT $1, 'kind_' || n, 'n', 1, 'USD' FROM generate_series(1, 48) n",
        sarah.id,
    )
    reply = await sarah.post("/specialists/me/rates", TALK)
    assert (reply.status, reply.code) == (409, "TOO_MANY_RATES")


async def test_a_specialist_without_a_page_has_no_rates(world: World) -> None:
    person = await world.client()
    await world.superuser.execute(
        "UPDATE app.users SET role = 'specialist' WHERE id = $1", person.id
    )
    reply = await person.post("/specialists/me/rates", TALK)
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")


async def test_changes_of_price_are_on_the_record(world: World) -> None:
    sarah = await world.specialist()
    price = {"amount_minor": 1, "currency": "USD"}
    await sarah.patch(f"/specialists/me/rates/{sarah.rates['standard']}", {"price": price})
    [entry] = await world.rows(
        "SELECT old_values, new_values FROM app.audit_logs WHERE action = 'rate_changed'"
    )
    assert '"price_minor": 20000' in entry["old_values"]
    assert '"price_minor": 1,' in entry["new_values"]
