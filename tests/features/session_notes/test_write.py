"""Notes of a session: the author writes and appends, the client reads, nobody else knows."""

import json
from typing import Any

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.features.bookings.stages import booked, confirmed, without_request
from tests.features.session_notes.desk import WORDS, appends, entries, reads, writes
from tests.world import World


async def test_a_note_is_written_changed_and_at_last_only_appended_to(world: World) -> None:
    stage = await confirmed(world)
    note = await writes(stage)
    assert {name: note[name] for name in WORDS} == WORDS
    assert (note["revision"], note["is_final"], note["amendments"]) == (0, False, [])
    assert note["specialist_id"] == str(stage.sarah.id)

    path = f"/bookings/{stage.id}/notes/{note['id']}"
    await world.travel(hours=23)
    changes: dict[str, Any] = {"follow_up_actions": "", "metadata": {"mood": 5}, "revision": 0}
    changed = await stage.sarah.patch(path, changes)
    assert changed.status == 200, changed.json
    expected = {**WORDS, "follow_up_actions": None, "metadata": {"mood": 5}}
    assert {name: changed.json[name] for name in WORDS} == expected
    assert changed.json["revision"] == 1
    assert changed.json["editable_until"] == note["editable_until"]
    same = await stage.sarah.patch(path, {"notes": changed.json["notes"]})
    assert (same.status, same.json) == (200, changed.json), "nothing was changed"
    stale = await stage.sarah.patch(path, changes)
    assert (stale.status, stale.code, stale.json["revision"]) == (409, "NOTE_CHANGED", 1)

    await world.travel(hours=1, seconds=1)
    late = await stage.sarah.patch(path, {"notes": "I take it all back."})
    assert (late.status, late.code) == (409, "NOTE_IS_FINAL")
    added = await appends(stage, note, "The laboratory called.")
    assert added.status == 201, added.json
    seen = (await reads(stage.anna, note)).json
    assert {name: seen[name] for name in WORDS} == expected
    assert seen["is_final"]
    assert seen["amendments"] == [added.json]
    assert added.json["author_id"] == str(stage.sarah.id)
    assert added.json["created_at"] > note["editable_until"]

    assert [action for action, _, _ in await entries(world)] == [
        "session_note.created",
        "session_note.changed",
        "session_note.read",
        "session_note.amended",
        "session_note.read",
    ]
    sent = await world.rows("SELECT topic, payload FROM app.outbox WHERE topic ~ '^session_note'")
    ids = {"note_id": note["id"], "booking_id": stage.id}
    ids |= {"specialist_id": str(stage.sarah.id), "client_id": str(stage.anna.id)}
    assert [(row["topic"], json.loads(row["payload"])) for row in sent] == [
        ("session_note.created", ids),
        ("session_note.amended", ids),
    ]


async def test_only_confirmed_sessions_have_notes_and_only_so_many(world: World) -> None:
    unpaid = await booked(world)
    early = await unpaid.sarah.post(f"/bookings/{unpaid.id}/notes", WORDS)
    assert (early.status, early.code) == (409, "NOTE_NOT_POSSIBLE")

    stage = await confirmed(world)
    first = await writes(stage)
    for _ in range(19):
        await writes(stage)
    one_more = await stage.sarah.post(f"/bookings/{stage.id}/notes", WORDS)
    assert (one_more.status, one_more.code) == (409, "TOO_MANY_NOTES")
    for number in range(50):
        assert (await appends(stage, first, f"{number}")).status == 201
    assert (await appends(stage, first, "more")).code == "TOO_MANY_AMENDMENTS"
    seen = await stage.anna.sees(f"/bookings/{stage.id}/notes")
    assert [len(one["amendments"]) for one in seen] == [50] + [0] * 19


async def test_what_is_no_note_is_refused(world: World) -> None:
    stage = await confirmed(world)
    bodies: list[Any] = [
        {},
        {"notes": "  "},
        {"notes": "x" * 10_001},
        {"notes": "x", "metadata": {"a": "x" * 10_000}},
        {"notes": "x", "metadata": {"a": 2**70}},
        {"notes": "x", "metadata": [1]},
        {"notes": "x", "specialist_id": "me"},
    ]
    for body in bodies:
        refused = await stage.sarah.post(f"/bookings/{stage.id}/notes", body)
        assert (refused.status, refused.code) == (422, "INVALID_REQUEST"), body
    assert not await world.value("SELECT count(*) FROM app.session_notes")


async def test_others_know_of_no_note_and_the_client_does_not_write(world: World) -> None:
    stage = await confirmed(world)
    note = await writes(stage)
    omar, ben = await world.specialist("Dr. Omar"), await world.client("Ben")
    path = f"/bookings/{stage.id}/notes"
    for who in (omar, ben):
        assert (await who.get(path)).code == "BOOKING_NOT_FOUND"
        theirs = await reads(who, note)
        absent = await who.get(f"{path}/{stage.id}")
        assert theirs.status == 404
        assert without_request(theirs.json) == without_request(absent.json)
        assert await who.sees("/session-notes") == []
    assert (await omar.post(path, WORDS)).code == "BOOKING_NOT_FOUND"
    assert (await omar.patch(f"{path}/{note['id']}", WORDS)).code == "NOTE_NOT_FOUND"
    assert (await stage.anna.post(path, WORDS)).status == 403
    # A specialist who is somebody's client is a client there.
    other = await omar.books(stage.sarah, "tue 11:00", payment_method="pm_sandbox_visa")
    assert (await stage.sarah.post(f"/bookings/{other['id']}/confirm")).status == 200
    about_omar = await stage.sarah.post(f"/bookings/{other['id']}/notes", WORDS)
    assert about_omar.status == 201
    mine = f"/bookings/{other['id']}/notes"
    assert (await omar.post(mine, WORDS)).code == "FORBIDDEN"
    changes = await omar.patch(f"{mine}/{about_omar.json['id']}", {"notes": "I am fine."})
    assert changes.code == "FORBIDDEN"
    assert [one["notes"] for one in await omar.sees("/session-notes")] == [WORDS["notes"]]
    assert await omar.sees("/session-notes?role=specialist") == []


async def test_lists_are_newest_first_and_come_in_pages(world: World) -> None:
    stage = await confirmed(world)
    made = []
    for number in range(5):
        made.append((await writes(stage, notes=f"number {number}"))["id"])
        await world.travel(minutes=1)
    for who in (stage.sarah, stage.anna):
        seen, path = [], "/session-notes?limit=2"
        while True:
            page = (await who.get(path)).json
            seen += [one["id"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            path = f"/session-notes?limit=2&cursor={page['next_cursor']}"
        assert seen == made[::-1]
    # Each note that was opened is in the log, with whoever opened it.
    log = await entries(world, "read")
    assert log.count(("session_note.read", "specialist", stage.sarah.id)) == 5
    assert log.count(("session_note.read", "client", stage.anna.id)) == 5


async def test_the_database_itself_keeps_the_rules(world: World, database: TestDatabase) -> None:
    """As somebody would find who could inject SQL."""
    stage = await confirmed(world)
    other = await confirmed(world)
    note = await writes(stage)
    amendment = (await appends(stage, note, "And this.")).json
    columns = "(booking_id, specialist_id, client_id, key_id, wrapped_key, sealed)"
    hang = (
        f"INSERT INTO app.session_notes {columns} SELECT '{other.id}', '{stage.sarah.id}',"
        f" '{other.anna.id}', 'k1', 'w', 's'"
    )
    change = f"UPDATE app.session_notes SET sealed = 'x' WHERE id = '{note['id']}'"
    append = f"UPDATE app.session_note_amendments SET sealed = 'x' WHERE id = '{amendment['id']}'"
    later = "UPDATE app.session_notes SET editable_until = now() + interval '9 days'"
    never = (
        (hang, asyncpg.PostgresError),
        (append, asyncpg.InsufficientPrivilegeError),
        (later, asyncpg.InsufficientPrivilegeError),
        ("DELETE FROM app.session_notes", asyncpg.InsufficientPrivilegeError),
    )
    async with database.connected("consulta_api") as connection:

        async def tries(who: Any, statement: str) -> str:
            async with connection.transaction():
                await connection.execute("SELECT set_config('role', 'consulta_user', true)")
                await connection.execute("SELECT set_config('app.user_id', $1, true)", str(who.id))
                return str(await connection.execute(statement))

        for statement, refusal in never:
            with pytest.raises(refusal):
                await tries(stage.sarah, statement)
        assert await tries(stage.anna, change) == "UPDATE 0"
        assert await tries(other.sarah, change) == "UPDATE 0"
        await world.travel(hours=24)
        with pytest.raises(asyncpg.PostgresError, match="NOTE_IS_FINAL"):
            await tries(stage.sarah, change)
