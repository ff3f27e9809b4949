"""My own details: who I am, and what I change about it."""

import asyncio
from typing import Any

import pytest

from tests.world import World


async def test_everybody_sees_their_own_details(world: World) -> None:
    for person, role in (
        (await world.client("Anna", time_zone="Asia/Dubai"), "client"),
        (await world.specialist("Dr. Sarah"), "specialist"),
        (await world.admin("Ada"), "admin"),
    ):
        reply = await person.get("/me")
        assert reply.status == 200
        assert set(reply.json) == {
            *("id", "email", "role", "full_name", "time_zone", "locale"),
            *("photo_url", "phone", "created_at"),
        }
        assert (reply.json["id"], reply.json["role"]) == (str(person.id), role)
        assert reply.json["full_name"] == person.name


@pytest.mark.parametrize("who", ["client", "specialist", "admin"])
async def test_details_can_be_changed(world: World, who: str) -> None:
    person = await getattr(world, who)()
    change = {
        "full_name": "Anna W.",
        "time_zone": "Asia/Dubai",
        "locale": "de-DE",
        "photo_url": "https://example.com/anna.png",
        "phone": "+971501234567",
    }
    reply = await person.patch("/me", change)
    assert reply.status == 200
    assert {name: reply.json[name] for name in change} == change
    assert (await person.get("/me")).json == reply.json


async def test_what_is_absent_stays(world: World) -> None:
    anna = await world.client()
    await anna.patch("/me", {"phone": "+971501234567", "locale": "ar"})
    reply = await anna.patch("/me", {"full_name": "Anne"})
    assert (reply.json["phone"], reply.json["locale"]) == ("+971501234567", "ar")
    assert (await anna.patch("/me", {})).json == reply.json


@pytest.mark.parametrize("empty", [None, "", "  "])
async def test_what_is_emptied_is_cleared_or_stays_where_it_must_be(
    world: World, empty: str | None
) -> None:
    anna = await world.client("Anna", time_zone="Asia/Dubai")
    await anna.patch("/me", {"phone": "+971501234567", "photo_url": "https://example.com/a.png"})
    names = ("full_name", "time_zone", "locale", "photo_url", "phone")
    reply = await anna.patch("/me", dict.fromkeys(names, empty))
    assert [reply.json[name] for name in names] == ["Anna", "Asia/Dubai", "en", None, None]


@pytest.mark.parametrize(
    "change",
    [
        {"role": "admin"},
        {"email": "other@example.com"},
        {"id": "00000000-0000-7000-8000-000000000000"},
        {"is_active": True},
        {"created_at": "2020-01-01T00:00:00Z"},
        {"time_zone": "+02:00"},
        {"locale": "english, please"},
        {"locale": "de_DE"},
        {"phone": "0501234567"},
        {"phone": "+97150123456789012"},
        {"phone": "+9715\n01234567"},
        {"photo_url": "javascript:alert(1)"},
        {"photo_url": "http://example.com/a.png"},
        {"photo_url": "https://user:pass@example.com/a.png"},
        {"full_name": "x" * 201},
        {"full_name": "A\x00"},
        {"full_name": 7},
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    world: World, change: dict[str, Any]
) -> None:
    anna = await world.client()
    before = (await anna.get("/me")).json
    reply = await anna.patch("/me", {"locale": "fr", **change})
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert (await anna.get("/me")).json == before


async def test_nobody_changes_a_strangers_details(world: World) -> None:
    anna, ben = await world.client("Anna"), await world.client("Ben")
    await anna.patch("/me", {"full_name": "Somebody", "phone": "+971501234567"})
    reply = await ben.get("/me")
    assert (reply.json["full_name"], reply.json["phone"]) == ("Ben", None)


async def test_changes_that_race_are_all_kept(world: World) -> None:
    anna = await world.client()
    changes = [
        {"full_name": "Anne"},
        {"locale": "fr"},
        {"time_zone": "Europe/Paris"},
        {"phone": "+33123456789"},
        {"photo_url": "https://example.com/a.png"},
    ]
    replies = await asyncio.gather(*(anna.patch("/me", change) for change in changes))
    assert [reply.status for reply in replies] == [200] * 5
    me = (await anna.get("/me")).json
    assert all(me.items() >= change.items() for change in changes)


async def test_a_change_is_on_record_without_personal_values(world: World) -> None:
    anna = await world.client()
    await anna.patch("/me", {"full_name": "Anne", "locale": "fr", "phone": "+33123456789"})
    await anna.patch("/me", {"locale": "fr"})
    rows = await world.rows("SELECT actor_id, action, old_values, new_values FROM app.audit_logs")
    assert len(rows) == 1
    assert (rows[0]["actor_id"], rows[0]["action"]) == (anna.id, "profile_changed")
    assert '"locale": "en"' in rows[0]["old_values"]
    assert '"locale": "fr"' in rows[0]["new_values"]
    for personal in ("Anne", "+33123456789"):
        assert personal not in str(rows)


async def test_nobody_has_no_details(world: World) -> None:
    for reply in (await world.anonymous.get("/me"), await world.anonymous.patch("/me", {})):
        assert (reply.status, reply.code) == (401, "UNAUTHORIZED")


async def test_the_record_of_changes_that_race_is_a_chain(world: World) -> None:
    anna = await world.client()
    asked = ("fr", "de", "ar", "ur", "es", "it", "pl", "nl")
    await asyncio.gather(*(anna.patch("/me", {"locale": locale}) for locale in asked))
    rows = await world.rows(
        "SELECT old_values ->> 'locale' AS old, new_values ->> 'locale' AS new FROM app.audit_logs"
    )
    step = {row["old"]: row["new"] for row in rows}
    seen = ["en"]
    while seen[-1] in step:
        seen.append(step[seen[-1]])
    assert sorted(seen) == sorted(["en", *asked])
