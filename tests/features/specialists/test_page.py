"""A specialist's page: written by its owner, public once verified, its private fields for nobody
else."""

import asyncio
from typing import Any

import pytest

from consulta.features.specialists import queries
from consulta.kernel.actor import Actor, Role
from tests.world import Person, World

CARD = {
    "id", "full_name", "headline", "specialties", "languages", "time_zone", "photo_url", "rating",
    "from_price", "next_open_at", "is_accepting",
}  # fmt: skip
PAGE = CARD | {
    "bio", "qualifications", "letterhead_url", "is_verified", "cancellation_policy",
    "minimum_notice_minutes", "horizon_days",
}  # fmt: skip
OWN = PAGE | {
    "verified_at", "auto_confirm", "payment_provider", "buffer_before_minutes",
    "confirmation_hours", "email", "phone", "verification_documents", "created_at", "updated_at",
}  # fmt: skip
SARAH: dict[str, Any] = {
    "full_name": "Dr. Sarah Ahmed",
    "headline": "Cardiologist",
    "bio": "Twenty years at the heart of the matter.",
    "qualifications": ["MD", "FACC"],
    "specialties": ["Cardiology", "Internal Medicine"],
    "languages": ["English", "Arabic", "Urdu"],
    "time_zone": "Asia/Dubai",
    "photo_url": "https://example.org/sarah.png",
    "letterhead_url": "https://example.org/letter.pdf",
    "is_accepting": True,
    "auto_confirm": True,
    "payment_provider": "manual",
    "cancellation_policy": {
        "name": "custom",
        "tiers": [
            {"hours_before": 48, "refund_percent": 100},
            {"hours_before": 4, "refund_percent": 30},
        ],
    },
    "minimum_notice_minutes": 60,
    "horizon_days": 30,
    "buffer_before_minutes": 5,
    "confirmation_hours": 12,
    "email": "dr.sarah@example.org",
    "phone": "+971501234567",
    "verification_documents": ["https://example.org/licence.pdf"],
}


async def fresh(world: World) -> Person:
    """Somebody with the role of a specialist, and no page yet."""
    person = await world.client("Sarah")
    await world.superuser.execute(
        "UPDATE app.users SET role = 'specialist' WHERE id = $1", person.id
    )
    return person


async def test_a_page_is_created_as_it_was_sent(world: World) -> None:
    sarah = await fresh(world)
    assert (await sarah.get("/specialists/me")).code == "SPECIALIST_NOT_FOUND"

    reply = await sarah.put("/specialists/me", SARAH)

    assert reply.status == 200, reply.json
    assert {name: reply.json[name] for name in SARAH} == {
        **SARAH, "languages": sorted(SARAH["languages"]),
    }  # fmt: skip
    assert reply.json["is_verified"] is False
    assert (await sarah.get("/specialists/me")).json == reply.json


async def test_a_page_that_is_not_verified_is_its_owners_alone(world: World) -> None:
    sarah = await world.specialist(verified=False)
    anna = await world.client()

    for stranger in (world.anonymous, anna):
        for path in ("", "/rates", "/availability", "/availability-exceptions", "/slots"):
            reply = await stranger.get(f"/specialists/{sarah.id}{path}")
            assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND"), path
        assert await stranger.sees("/specialists") == []
    assert (await sarah.get(f"/specialists/{sarah.id}")).status == 200


async def test_everybody_gets_exactly_the_fields_meant_for_him(world: World) -> None:
    sarah = await fresh(world)
    await sarah.put("/specialists/me", SARAH)
    admin, other = await world.admin(), await world.specialist("Dr. Omar")
    await admin.post(f"/admin/specialists/{sarah.id}/verify")
    anna = await world.client()

    for reader in (world.anonymous, anna, other, sarah, admin):
        reply = await reader.get(f"/specialists/{sarah.id}")
        assert set(reply.json) == PAGE
        cards = await reader.sees("/specialists")
        assert [set(card) for card in cards] == [CARD, CARD]
        for private in (SARAH["email"], SARAH["phone"], "licence.pdf"):
            assert private not in reply.content.decode()
    assert set((await sarah.get("/specialists/me")).json) == OWN


async def test_what_is_not_said_in_a_put_goes_back_to_its_default(world: World) -> None:
    sarah = await fresh(world)
    await sarah.put("/specialists/me", SARAH)

    reply = await sarah.put("/specialists/me", {"full_name": "Sarah", "time_zone": "UTC"})

    assert reply.json["bio"] is None
    assert reply.json["specialties"] == []
    assert reply.json["email"] is None
    assert reply.json["verification_documents"] == []
    assert reply.json["cancellation_policy"]["name"] == "standard"
    assert reply.json["horizon_days"] == 90


async def test_a_patch_changes_what_was_sent_and_nothing_else(world: World) -> None:
    sarah = await fresh(world)
    before = (await sarah.put("/specialists/me", SARAH)).json

    reply = await sarah.patch(
        "/specialists/me", {"headline": "", "is_accepting": False, "languages": ["Urdu"]}
    )

    changed = {"headline": None, "is_accepting": False, "languages": ["Urdu"]}
    assert reply.json == {**before, **changed, "updated_at": reply.json["updated_at"]}


async def test_null_leaves_alone_what_cannot_be_empty(world: World) -> None:
    sarah = await fresh(world)
    before = (await sarah.put("/specialists/me", SARAH)).json
    reply = await sarah.patch("/specialists/me", {"full_name": None, "horizon_days": None})
    assert reply.status == 200
    assert {**reply.json, "updated_at": None} == {**before, "updated_at": None}


async def test_a_page_may_be_sent_back_as_it_is(world: World) -> None:
    """The tiers of a named policy are shown, and welcome back."""
    sarah = await world.specialist(policy="strict")
    page = (await sarah.get("/specialists/me")).json
    reply = await sarah.patch(
        "/specialists/me", {"cancellation_policy": page["cancellation_policy"]}
    )
    assert reply.json["cancellation_policy"] == page["cancellation_policy"]
    by_name = await sarah.patch("/specialists/me", {"cancellation_policy": "no_refund"})
    assert by_name.json["cancellation_policy"] == {"name": "no_refund", "tiers": []}


async def test_two_patches_at_once_lose_nothing(world: World) -> None:
    sarah = await world.specialist()
    await asyncio.gather(
        *(sarah.patch("/specialists/me", {name: "mine"}) for name in ("headline", "bio"))
    )
    page = (await sarah.get("/specialists/me")).json
    assert (page["headline"], page["bio"]) == ("mine", "mine")


async def test_labels_that_differ_in_capitals_are_one(world: World) -> None:
    sarah = await world.specialist()
    await sarah.patch("/specialists/me", {"specialties": ["cardiology", "Cardiology", " Sleep "]})
    await sarah.patch("/specialists/me", {"specialties": ["Cardiology", "Sleep"]})
    assert (await sarah.get("/specialists/me")).json["specialties"] == ["Cardiology", "Sleep"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"cancellation_policy": {"name": "custom"}},
        {"cancellation_policy": {"name": "custom", "tiers": []}},
        {"cancellation_policy": "generous"},
        {
            "cancellation_policy": {
                "name": "custom",
                "tiers": [
                    {"hours_before": 2, "refund_percent": 50},
                    {"hours_before": 24, "refund_percent": 100},
                ],
            }
        },
        {
            "cancellation_policy": {
                "name": "custom",
                "tiers": [{"hours_before": 2, "refund_percent": 101}],
            }
        },
        {
            "cancellation_policy": {
                "name": "custom",
                "tiers": [
                    {"hours_before": hours, "refund_percent": 1} for hours in range(11, 0, -1)
                ],
            }
        },
        {
            "cancellation_policy": {
                "name": "flexible",
                "tiers": [{"hours_before": 1, "refund_percent": 1}],
            }
        },
        {"verification_documents": ["http://example.org/plain.pdf"]},
        {"verification_documents": ["javascript:alert(1)"]},
        {"photo_url": "//evil.example"},
        {"photo_url": "https://user:pw@evil.example/x"},
        {"phone": "0501234567"},
        {"email": "nobody"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "+04:00"},
        {"full_name": "x" * 201},
        {"bio": "a\x00b"},
        {"specialties": [f"field {n}" for n in range(21)]},
        {"specialties": [""]},
        {"is_verified": True},
        {"verified_at": "2026-01-01T00:00:00Z"},
        {"rating_average": 5},
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"horizon_days": 10**12},
        {"payment_provider": "sandbox"},
    ],
)
async def test_what_does_not_fit_is_refused_and_changes_nothing(
    world: World, wrong: dict[str, Any]
) -> None:
    sarah = await world.specialist()
    before = (await sarah.get("/specialists/me")).json

    for reply in (
        await sarah.patch("/specialists/me", wrong),
        await sarah.put("/specialists/me", {"full_name": "Sarah", "time_zone": "UTC"} | wrong),
    ):
        assert (reply.status, reply.code) == (422, "INVALID_REQUEST"), reply.json
    assert (await sarah.get("/specialists/me")).json == before


async def test_only_a_specialist_has_a_page(world: World) -> None:
    anna, admin = await world.client(), await world.admin()
    body = {"full_name": "Anna", "time_zone": "UTC"}
    for method in ("PUT", "PATCH", "GET"):
        sent = None if method == "GET" else body
        assert (await world.anonymous.request(method, "/specialists/me", sent)).status == 401
        assert (await anna.request(method, "/specialists/me", sent)).status == 403
        assert (await admin.request(method, "/specialists/me", sent)).status == 403


async def test_a_change_is_on_the_record_without_private_values(world: World) -> None:
    sarah = await world.specialist()
    await sarah.patch("/specialists/me", {"headline": "New", "phone": "+971501234567"})
    [entry] = await world.rows(
        "SELECT old_values, new_values, actor_id FROM app.audit_logs"
        " WHERE action = 'specialist_page_changed'"
    )
    assert entry["actor_id"] == sarah.id
    assert '"headline": null' in entry["old_values"]
    assert '"headline": "(personal)"' in entry["new_values"]
    assert '"private_fields_changed": ["phone"]' in entry["new_values"]
    assert "971501234567" not in entry["new_values"]


async def test_a_page_has_a_calendar_to_lock(world: World) -> None:
    sarah = await fresh(world)
    await sarah.put("/specialists/me", SARAH)
    await sarah.put("/specialists/me", SARAH)
    assert await world.value(
        "SELECT count(*) FROM app.calendars WHERE specialist_id = $1", sarah.id
    ) == 1  # fmt: skip


async def test_absent_and_hidden_pages_look_the_same(world: World) -> None:
    hidden = await world.specialist(verified=False)
    anna = await world.client()

    def said(reply: Any) -> dict[str, Any]:
        return {**reply.json, "request_id": None}

    nobody = said(await anna.get("/specialists/0190b2c6-0000-7000-8000-000000000000"))
    assert said(await anna.get(f"/specialists/{hidden.id}")) == nobody
    assert said(await anna.get(f"/specialists/{anna.id}")) == nobody
    assert (await anna.get("/specialists/not-an-id")).status == 422


async def test_whoever_changes_a_page_or_a_rate_keeps_nobody_from_booking(world: World) -> None:
    """Bookings point at both, many in one transaction of the dispatcher: a lock that they had to
    wait for would make them late, and deadlocks of whoever locks several pages.
    """
    sarah, anna = await world.specialist(), await world.client()
    database = world.app.state.database
    async with database.work(Actor(Role.SPECIALIST, sarah.id)) as work:
        await queries.own_page_for_update(work)
        await queries.is_verified_for_update(work, work.person)
        await queries.own_rate_for_update(work, sarah.rates["standard"])
        async with asyncio.timeout(1.5):
            booking = await anna.books(sarah, "mon 10:00")
    assert booking["status"] == "pending_payment"
