"""A person hears everything about the own life and nothing of others', and is forgotten on demand:
no table says afterwards whose it was, but for the books.
"""

import json
from typing import Any

from tests.features.compliance.lives import ANNAS, BENS, PASSWORD, Life, held, two_lives
from tests.world import World

WHERE_WORDS_STAY = {"receipts": "the law of taxes: a receipt has a name on it"}

FULL = {
    "account",
    "sign_ins",
    "profile",
    "consents",
    "acts",
    "notification_preferences",
    "bookings",
    "booking_cancellations",
    "booking_reschedules",
    "booking_status_history",
    "intake_answers",
    "session_notes",
    "reviews",
    "payments",
    "saved_methods",
    "receipts",
}
"""What a client's life leaves something in."""


async def test_a_life_is_told_to_its_person_and_then_forgotten(world: World) -> None:
    anna, ben = await two_lives(world)
    blocked = await anna.erases()
    assert (blocked.status, blocked.code) == (409, "ERASURE_BLOCKED"), blocked.json
    assert blocked.json["blocking"]["sessions_to_come"] == 2
    await world.travel(days=10)
    for life in (anna, ben):
        await held(life)
    await _everything_is_told(anna)
    await _only_the_own_life_is_told(anna, ben)
    wrong = [{}, {"password": PASSWORD + "!"}, {"email": anna.email}]
    refused = [await anna.who.delete("/me", json=body) for body in wrong]
    assert {(reply.status, reply.code) for reply in refused} == {(403, "NOT_CONFIRMED")}

    erased = await anna.erases()

    assert erased.status == 200, erased.json
    assert {"payments", "receipts", "session_notes"} <= {one["what"] for one in erased.json["kept"]}
    assert await places_of(world, ANNAS) == set(WHERE_WORDS_STAY)
    # The control: somebody who was not erased is everywhere.
    assert {"users", "profiles", "bookings", "booking_cancellations", "reviews"} <= (
        await places_of(world, BENS)
    )
    await _nobody_signs_in(anna)
    await _others_keep_what_is_theirs(anna)


async def _everything_is_told(anna: Life) -> None:
    told = (await anna.who.get("/me/export")).json
    assert {name for name, part in told["parts"].items() if part["items"]} >= FULL
    assert not any(part["truncated"] for part in told["parts"].values())
    (note,) = told["parts"]["session_notes"]["items"]
    assert note["notes"] == f"{ANNAS} sleeps"
    assert [one["text"] for one in note["amendments"]] == [f"{ANNAS} slept well"]
    (answers,) = told["parts"]["intake_answers"]["items"]
    assert answers["answers"]["why"] == f"{ANNAS} cannot sleep"
    (review,) = told["parts"]["reviews"]["items"]
    assert review["comment"] == f"{ANNAS} was there"
    acts = await anna.world.rows(
        "SELECT DISTINCT action FROM app.audit_logs WHERE actor_id = $1 AND action = ANY ($2)",
        anna.who.id,
        ["session_note.read", "intake.read", "personal_data_exported", "consent_changed"],
    )
    assert len(acts) == 4


async def _only_the_own_life_is_told(anna: Life, ben: Life) -> None:
    for one, other in ((anna, ben), (ben, anna), (anna, anna)):
        told = await one.who.get("/me/export")
        text = json.dumps(told.json)
        assert (other.word in text or other.email in text) == (one is other)
        for secret in ("wrapped_key", "sealed", "token_hash", "password_hash", "argon2"):
            assert secret not in text
    page = (await anna.sarah.get("/me/export")).json["parts"]
    assert page["specialist_page"]["items"][0]["id"] == str(anna.sarah.id)
    assert {"specialist_rates", "availability_rules", "intake_forms"} <= {
        name for name, part in page.items() if part["items"]
    }
    assert not {ANNAS, BENS} & set(_words(page))
    for _ in range(2):
        assert (await anna.who.get("/me/export")).status == 200
    late = await anna.who.get("/me/export")
    assert (late.status, late.code) == (429, "RATE_LIMITED")


def _words(page: Any) -> list[str]:
    return json.dumps(page).replace('"', " ").split()


async def _nobody_signs_in(anna: Life) -> None:
    world = anna.world
    assert (await anna.who.get("/me")).status == 401
    login = {"email": anna.email, "password": PASSWORD}
    assert (await world.anonymous.post("/auth/login", login)).code == "INVALID_CREDENTIALS"
    ada = await world.admin()
    back = await ada.patch(f"/admin/users/{anna.who.id}", {"is_active": True})
    assert (back.status, back.code) == (409, "ACCOUNT_ERASED"), back.json
    again = await world.anonymous.post("/auth/register", {**login, "full_name": "Anna"})
    assert again.status == 201, again.json
    assert again.json["user"]["id"] != str(anna.who.id)
    assert await world.value(
        "SELECT count(*) = 0 FROM app.saved_methods WHERE client_id = $1 AND status <> 'removed'",
        anna.who.id,
    )


async def _others_keep_what_is_theirs(anna: Life) -> None:
    booking = (await anna.sarah.get(f"/bookings/{anna.bookings[0]['id']}")).json
    assert (booking["status"], booking["total"]["amount_minor"]) == ("completed", 20_000)
    assert (booking["client_name"], booking["note"]) == ("Erased account", None)
    (note,) = await anna.sarah.sees(f"/bookings/{anna.bookings[0]['id']}/notes")
    assert note["notes"] == f"{ANNAS} sleeps"
    rating = (await anna.world.anonymous.get(f"/specialists/{anna.sarah.id}")).json["rating"]
    assert rating == {"average": 4.0, "count": 2}


async def places_of(world: World, word: str) -> set[str]:
    """The tables in which a row has that word, in capitals or not."""
    tables = await world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'app'")
    assert len(tables) > 60
    return {
        table["tablename"]
        for table in tables
        if await world.value(
            f"SELECT EXISTS (SELECT 1 FROM app.{table['tablename']} t WHERE t::text ILIKE $1)",
            f"%{word}%",
        )
    }
