"""What a specialist asks: by rate or before every session; a change is a new version."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.features.intake.desk import QUESTIONS, asks
from tests.world import World


async def test_a_change_is_a_new_version_and_a_rate_has_its_own(world: World) -> None:
    sarah = await world.specialist()
    page = f"/specialists/{sarah.id}/intake-form"
    assert (await world.anonymous.get(page)).code == "INTAKE_FORM_NOT_FOUND"
    first = await asks(sarah)
    assert (first["version"], first["is_active"], first["rate_id"]) == (1, True, None)
    assert [one["key"] for one in first["questions"]] == [one["key"] for one in QUESTIONS]
    # The same again is no change.
    assert await asks(sarah) == first
    second = await asks(sarah, title="Please tell me")
    assert second["version"] == 2
    own = await asks(sarah, rate_id=str(sarah.rates["followup"]), questions=QUESTIONS[:1])
    assert own["version"] == 1

    anybody = world.anonymous
    assert (await anybody.get(page)).json == second
    assert (await anybody.get(f"{page}?rate_id={sarah.rates['standard']}")).json == second
    assert (await anybody.get(f"{page}?rate_id={sarah.rates['followup']}")).json == own
    mine = await sarah.sees("/specialists/me/intake-forms")
    assert [(one["id"], one["is_active"]) for one in mine] == [
        (own["id"], True),
        (second["id"], True),
        (first["id"], False),
    ]

    gone = await sarah.delete(f"/specialists/me/intake-forms/{own['id']}")
    assert gone.status == 204
    assert (await anybody.get(f"{page}?rate_id={sarah.rates['followup']}")).json == second
    assert (await sarah.delete(f"/specialists/me/intake-forms/{own['id']}")).status == 404
    assert (await asks(sarah, rate_id=own["rate_id"], questions=QUESTIONS[:1]))["version"] == 2
    actions = await world.rows(
        "SELECT action FROM app.audit_logs WHERE action ~ 'intake' ORDER BY id"
    )
    assert [row["action"] for row in actions] == [
        *["intake_form.saved"] * 3,
        "intake_form.withdrawn",
        "intake_form.saved",
    ]


async def test_forms_belong_to_their_specialist(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar", verified=False)
    form = await asks(sarah)
    assert (await omar.delete(f"/specialists/me/intake-forms/{form['id']}")).status == 404
    body = {"title": "x", "questions": QUESTIONS, "rate_id": str(sarah.rates["standard"])}
    assert (await omar.put("/specialists/me/intake-forms", body)).code == "RATE_NOT_FOUND"
    assert (await (await world.client()).put("/specialists/me/intake-forms", body)).status == 403
    # A page that is not public has no public questions.
    await asks(omar)
    hidden = await world.anonymous.get(f"/specialists/{omar.id}/intake-form")
    assert hidden.code == "INTAKE_FORM_NOT_FOUND"
    assert (await world.anonymous.get(f"/specialists/{uuid4()}/intake-form")).status == 404


async def test_changes_at_one_moment_become_versions_one_by_one(world: World) -> None:
    sarah = await world.specialist()
    made = await asyncio.gather(*(asks(sarah, title=f"Form {n}") for n in range(5)))
    assert sorted(one["version"] for one in made) == [1, 2, 3, 4, 5]
    active = "SELECT count(*) FROM app.intake_forms WHERE is_active"
    assert await world.value(active) == 1


async def test_what_cannot_be_asked_is_refused(world: World) -> None:
    sarah = await world.specialist()
    endless = [f"{number}" + "x" * 190 for number in range(50)]
    lists: list[Any] = [
        [],
        QUESTIONS[:1] * 2,
        [{**QUESTIONS[0], "key": f"k{number}"} for number in range(51)],
        [{**QUESTIONS[0], "type": "file"}],
        [{**QUESTIONS[0], "key": "Not a key"}],
        [{**QUESTIONS[0], "options": ["a", "b"]}],
        [{**QUESTIONS[2], "key": f"k{number}", "options": endless} for number in range(10)],
    ]
    for questions in lists:
        body = {"title": "Before we meet", "questions": questions}
        refused = await sarah.put("/specialists/me/intake-forms", body)
        assert (refused.status, refused.code) == (422, "INVALID_REQUEST")
