"""Answers: the client's, sealed, read by both parties, kept with their questions."""

import asyncio
import base64
import json
from typing import Any

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.features.bookings.stages import Stage, booked, confirmed
from tests.features.intake.desk import ANSWERS, QUESTIONS, asks
from tests.features.session_notes.desk import everything_stored
from tests.world import Reply, World

CANARY = "KANARIENVOGEL"


async def answers(stage: Stage, given: dict[str, Any] = ANSWERS, **more: Any) -> Reply:
    return await stage.anna.put(f"/bookings/{stage.id}/intake", {"answers": given, **more})


async def test_the_client_answers_and_both_read(world: World) -> None:
    stage = await booked(world)
    path = f"/bookings/{stage.id}/intake"
    nothing = (await stage.anna.get(path)).json
    assert (nothing["form"], nothing["answers"], nothing["is_completed"]) == (None, None, False)
    assert (await answers(stage)).code == "INTAKE_FORM_NOT_FOUND"
    form = await asks(stage.sarah)
    blank = (await stage.anna.get(path)).json
    assert (blank["form"]["id"], blank["answers"], blank["is_open"]) == (form["id"], None, True)

    first = await answers(stage, {**ANSWERS, "name": "", "pain": []})
    assert first.status == 200, first.json
    left = {key: value for key, value in ANSWERS.items() if key not in {"name", "pain"}}
    assert (first.json["answers"], first.json["revision"]) == (left, 0)
    assert (await stage.seen())["intake_completed"] is True
    # A changed form does not change what was answered, and asks anew whoever answers again.
    changed = await asks(stage.sarah, questions=QUESTIONS[:1])
    seen = (await stage.sarah.get(path)).json
    assert (seen["answers"], seen["form"]["version"]) == (left, 1)
    assert [one["key"] for one in seen["form"]["questions"]] == [one["key"] for one in QUESTIONS]
    stale = await answers(stage, {"why": "Again"}, revision=4)
    assert (stale.status, stale.code) == (409, "INTAKE_CHANGED")
    again = await answers(stage, {"why": "Again"}, revision=0)
    assert (again.json["answers"], again.json["revision"]) == ({"why": "Again"}, 1)
    assert again.json["form"]["id"] == changed["id"]

    log = await world.rows(
        "SELECT action, actor_id, subject_id::text FROM app.audit_logs"
        " WHERE action ~ '^intake[.]' ORDER BY id"
    )
    assert [(row["action"], row["actor_id"]) for row in log] == [
        ("intake.answered", stage.anna.id),
        ("intake.read", stage.sarah.id),
        ("intake.answered", stage.anna.id),
    ]
    assert {row["subject_id"] for row in log} == {stage.id}
    sent = await world.rows("SELECT payload FROM app.outbox WHERE topic = 'intake.completed'")
    parties = {"specialist_id": str(stage.sarah.id), "client_id": str(stage.anna.id)}
    assert [json.loads(row["payload"]) for row in sent] == [{"booking_id": stage.id, **parties}]


async def test_what_is_not_answered_as_asked_is_named(world: World) -> None:
    stage = await booked(world)
    await asks(stage.sarah)
    wrong = {"name": "x" * 41, "sleep": CANARY, "smokes": "no", "height": 3, CANARY.title(): "x"}
    wrong["hight"] = 3
    refused = await answers(stage, wrong)
    assert (refused.status, refused.code) == (422, "INTAKE_INVALID")
    assert refused.json["questions"] == [
        {"key": "why", "problem": "required"},
        {"key": "name", "problem": "too_long"},
        {"key": "sleep", "problem": "not_an_option"},
        {"key": "smokes", "problem": "wrong_type"},
        {"key": "hight", "problem": "unknown_question"},
        {"key": "", "problem": "unknown_question"},
    ]
    assert CANARY not in str(refused.json).upper()
    odd: list[dict[str, Any]] = [{"why": {CANARY: 1}}, {"why": "x" * 4_001}, {CANARY: {CANARY: 1}}]
    for body in odd:
        refused = await answers(stage, body)
        assert refused.code == "INTAKE_INVALID"
        assert CANARY.encode() not in refused.content
    assert (await stage.seen())["intake_completed"] is False


async def test_answers_are_given_until_the_session_ends(world: World) -> None:
    stage = await confirmed(world)
    await asks(stage.sarah)
    await world.stop_clock(stage.starts_at)
    assert (await answers(stage)).status == 200
    await world.stop_clock(stage.starts_at.replace(hour=stage.starts_at.hour + 1))
    late = await answers(stage)
    assert (late.status, late.code) == (409, "INTAKE_CLOSED")
    seen = (await stage.anna.get(f"/bookings/{stage.id}/intake")).json
    assert (seen["is_open"], seen["answers"]) == (False, ANSWERS)


async def test_others_know_nothing_and_admins_have_no_right(
    world: World, database: TestDatabase
) -> None:
    stage = await booked(world)
    await asks(stage.sarah)
    assert (await answers(stage)).status == 200
    path = f"/bookings/{stage.id}/intake"
    for who in (await world.client("Ben"), await world.specialist("Dr. Omar")):
        assert (await who.get(path)).code == "BOOKING_NOT_FOUND"
        assert (await who.put(path, {"answers": ANSWERS})).code == "BOOKING_NOT_FOUND"
    assert (await stage.sarah.put(path, {"answers": ANSWERS})).code == "FORBIDDEN"
    ada = await world.admin()
    assert (await ada.get(path)).status == 403
    for login in ("consulta_admin", "consulta_worker"):
        async with database.connected(login) as connection:
            for statement in (
                "SELECT sealed FROM app.intake_answers",
                "UPDATE app.intake_answers SET sealed = 'x'",
                "DELETE FROM app.intake_answers",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def test_what_was_answered_is_found_nowhere_and_opens_in_its_row_alone(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    stage, other = await booked(world), await booked(world)
    for one in (stage, other):
        await asks(one.sarah)
        assert (await answers(one)).status == 200
    assert (await answers(stage, {"why": CANARY, "smokes": CANARY})).status == 422
    path = f"/bookings/{stage.id}/intake"
    assert CANARY.encode() in (await stage.sarah.get(path)).content
    dump, output = await everything_stored(world), "".join(capfd.readouterr())
    plain = CANARY.encode()
    for shape in (CANARY, plain.hex(), base64.b64encode(plain).decode().rstrip("=")):
        assert shape not in dump
        assert shape not in output

    await world.superuser.execute(
        "UPDATE app.intake_answers t SET wrapped_key = f.wrapped_key, sealed = f.sealed"
        " FROM app.intake_answers f WHERE t.booking_id = $1 AND f.booking_id = $2",
        stage.id,
        other.id,
    )
    refused = await stage.sarah.get(path)
    assert (refused.status, refused.code) == (503, "UNREADABLE")
    assert CANARY.encode() not in refused.content
    assert "a sealed row cannot be opened" in "".join(capfd.readouterr())
    # The client is not locked out by that.
    assert (await answers(stage)).status == 200
    assert (await stage.sarah.get(path)).json["answers"] == ANSWERS


async def test_a_read_that_cannot_be_recorded_answers_nothing(world: World) -> None:
    stage = await booked(world)
    await asks(stage.sarah)
    assert (await answers(stage)).status == 200
    await world.superuser.execute(
        """
        CREATE FUNCTION testing.is_full() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = 'the log is full';
        END
        $$;
        CREATE TRIGGER is_full BEFORE INSERT ON app.audit_logs
            FOR EACH ROW EXECUTE FUNCTION testing.is_full();
        """
    )
    for who in (stage.anna, stage.sarah):
        reply = await who.get(f"/bookings/{stage.id}/intake")
        assert (reply.status, reply.code) == (503, "DATABASE_BUSY")
    assert (await answers(stage, {"why": "New", "smokes": True})).status == 503
    await world.superuser.execute("DROP TRIGGER is_full ON app.audit_logs")
    assert (await stage.anna.get(f"/bookings/{stage.id}/intake")).json["answers"] == ANSWERS


async def test_answers_at_one_moment_do_not_overwrite_each_other(world: World) -> None:
    stage = await booked(world)
    await asks(stage.sarah)
    replies = await asyncio.gather(
        *(answers(stage, {"why": f"{n}", "smokes": True}) for n in range(6))
    )
    good = [one for one in replies if one.status == 200]
    assert good
    assert {one.code for one in replies} <= {None, "INTAKE_CHANGED"}
    assert sorted(one.json["revision"] for one in good) == list(range(len(good)))
    completed = "SELECT count(*) FROM app.outbox WHERE topic = 'intake.completed'"
    assert await world.value(completed) == 1
