"""Sealed notes: never read unseen, by nobody in the clear, and in their own row alone."""

import base64
import json

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.features.bookings.stages import confirmed
from tests.features.session_notes.desk import (
    WORDS,
    appends,
    entries,
    everything_stored,
    reads,
    writes,
)
from tests.world import World

CANARY = "KANARIENVOGEL"
WHY = {"reason": "A complaint of the client's."}


async def test_what_a_note_says_is_found_nowhere(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    stage = await confirmed(world)
    ada = await world.admin()
    note = await writes(stage)
    await appends(stage, note, f"{CANARY} was blue.")
    path = f"/bookings/{stage.id}/notes"
    changed = {"notes": f"{CANARY} sings", "metadata": {CANARY: CANARY}}
    assert (await stage.sarah.patch(f"{path}/{note['id']}", changed)).status == 200
    assert (await stage.sarah.post(path, {"notes": [CANARY]})).status == 422
    assert (await stage.sarah.post(path, {CANARY: CANARY})).status == 422
    for reader in (stage.sarah, stage.anna):
        assert CANARY.encode() in (await reader.get(path)).content
    opened = await ada.post(f"/admin/session-notes/{note['id']}/open", WHY)
    assert opened.json["notes"] == changed["notes"]
    # The heads tell that there are notes, and the booking's own page not even that.
    heads, page = await ada.get("/admin/session-notes"), await stage.anna.get(path[:-6])
    assert CANARY.encode() not in heads.content + page.content

    dump, output = await everything_stored(world), "".join(capfd.readouterr())
    assert note["id"] in dump, "the dump has the rows"
    plain = CANARY.encode()
    for shape in (CANARY, plain.hex(), base64.b64encode(plain).decode().rstrip("=")):
        assert shape not in dump
        assert shape not in output


async def test_a_read_that_cannot_be_recorded_answers_nothing(world: World) -> None:
    stage = await confirmed(world)
    note = await writes(stage)
    ada = await world.admin()
    await world.superuser.execute(
        """
        CREATE FUNCTION testing.is_full() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = 'the log is full';
        END
        $$;
        CREATE TRIGGER is_full BEFORE INSERT ON app.audit_logs
            FOR EACH ROW WHEN (NEW.subject_type = 'session_note')
            EXECUTE FUNCTION testing.is_full();
        """
    )
    path = f"/bookings/{stage.id}/notes"
    replies = [
        await stage.anna.get(path),
        await reads(stage.anna, note),
        await stage.sarah.get("/session-notes"),
        await stage.sarah.patch(f"{path}/{note['id']}", {"notes": "Changed."}),
        await ada.post(f"/admin/session-notes/{note['id']}/open", WHY),
        await ada.delete(f"/admin/session-notes/{note['id']}", params=WHY),
    ]
    for reply in replies:
        assert (reply.status, reply.code) == (503, "DATABASE_BUSY")
        assert CANARY.encode() not in reply.content
    await world.superuser.execute("DROP TRIGGER is_full ON app.audit_logs")
    assert (await reads(stage.anna, note)).json["notes"] == WORDS["notes"]


async def test_an_admin_opens_and_deletes_with_a_reason_and_not_unnoticed(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    stage = await confirmed(world)
    note = await writes(stage)
    await appends(stage, note, "And this.")
    ada = await world.admin()
    door = f"/admin/session-notes/{note['id']}"
    [head] = await ada.sees(f"/admin/session-notes?booking_id={stage.id}")
    assert (head["id"], "notes" in head) == (note["id"], False)
    assert await ada.sees(f"/admin/session-notes?client_id={stage.sarah.id}") == []
    # Not by the way of the parties, and not without saying why.
    assert (await reads(ada, note)).status == 403
    assert (await ada.get("/session-notes")).status == 403
    for reason in ({}, {"reason": "   "}, {"reason": "x"}):
        assert (await ada.post(f"{door}/open", reason)).status == 422
        assert (await ada.delete(door, params=reason)).status == 422
    assert await entries(world, "admin|deleted") == []
    for who in (stage.sarah, stage.anna):
        assert (await who.post(f"{door}/open", WHY)).status == 403
        assert (await who.delete(door, params=WHY)).status == 403
    capfd.readouterr()

    opened = await ada.post(f"{door}/open", WHY)
    assert (opened.status, opened.json["notes"]) == (200, WORDS["notes"]), opened.json
    assert [one["text"] for one in opened.json["amendments"]] == ["And this."]
    assert "an admin opened a session note" in "".join(capfd.readouterr())
    gone = await ada.delete(door, params=WHY)
    assert gone.status == 204
    assert "an admin deleted a session note" in "".join(capfd.readouterr())
    assert (await reads(stage.anna, note)).code == "NOTE_NOT_FOUND"
    assert (await ada.delete(door, params=WHY)).code == "NOTE_NOT_FOUND"
    assert not await world.value("SELECT count(*) FROM app.session_note_amendments")
    assert await entries(world, "admin|deleted") == [
        ("session_note.opened_by_admin", "admin", ada.id),
        ("session_note.deleted", "admin", ada.id),
    ]
    told = await world.rows(
        "SELECT subject_id, new_values, request_id FROM app.audit_logs"
        " WHERE action = 'session_note.opened_by_admin'"
    )
    assert str(told[0]["subject_id"]) == note["id"]
    assert json.loads(told[0]["new_values"])["reason"] == WHY["reason"]
    assert told[0]["request_id"] == opened.headers["x-request-id"]


async def test_sealed_words_of_one_row_open_in_no_other(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    stage = await confirmed(world)
    mine, other = await writes(stage, notes="of the first"), await writes(stage)
    ada = await world.admin()
    await world.superuser.execute(
        "UPDATE app.session_notes t SET key_id = f.key_id, wrapped_key = f.wrapped_key,"
        " sealed = f.sealed FROM app.session_notes f WHERE t.id = $1 AND f.id = $2",
        mine["id"],
        other["id"],
    )
    capfd.readouterr()
    for who in (stage.anna, stage.sarah):
        refused = await reads(who, mine)
        assert (refused.status, refused.code) == (503, "UNREADABLE")
        assert CANARY.encode() not in refused.content
    assert "a sealed row cannot be opened" in "".join(capfd.readouterr())
    opened = await ada.post(f"/admin/session-notes/{mine['id']}/open", WHY)
    assert opened.code == "UNREADABLE"
    # In a list it does not hide the others.
    for path in (f"/bookings/{stage.id}/notes", "/session-notes"):
        seen = {one["id"]: one for one in await stage.anna.sees(path)}
        assert (seen[mine["id"]]["problem"], seen[mine["id"]]["notes"]) == ("UNREADABLE", None)
        assert (seen[other["id"]]["problem"], seen[other["id"]]["notes"]) == (None, WORDS["notes"])

    first, second = (await appends(stage, other, "a")).json, (await appends(stage, other, "b")).json
    await world.superuser.execute("ALTER TABLE app.session_note_amendments DISABLE TRIGGER guard")
    await world.superuser.execute(
        "UPDATE app.session_note_amendments t SET wrapped_key = f.wrapped_key, sealed = f.sealed"
        " FROM app.session_note_amendments f WHERE t.id = $1 AND f.id = $2",
        first["id"],
        second["id"],
    )
    listed = await stage.anna.sees(f"/bookings/{stage.id}/notes")
    appended = {one["id"]: one["amendments"] for one in listed}[other["id"]]
    assert [one["problem"] for one in appended] == ["UNREADABLE", None]
    assert (await reads(stage.anna, other)).code == "UNREADABLE"


async def test_neither_worker_nor_admin_has_a_right_to_the_words(
    world: World, database: TestDatabase
) -> None:
    stage = await confirmed(world)
    await appends(stage, await writes(stage), "And this.")
    tables = ("session_notes", "session_note_amendments")
    for login in ("consulta_worker", "consulta_admin"):
        async with database.connected(login) as connection:
            for table in tables:
                for statement in (
                    f"SELECT sealed FROM app.{table}",
                    f"SELECT * FROM app.{table}",
                    f"UPDATE app.{table} SET sealed = 'x'",
                    f"DELETE FROM app.{table}",
                ):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement)
    async with database.connected("consulta_worker") as connection:
        for table in tables:
            rows = await connection.fetch(f"SELECT id, key_id, wrapped_key FROM app.{table}")
            assert len(rows) == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT app.open_session_note(app.new_id(), 'because')")
