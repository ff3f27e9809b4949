"""What people agree to: said once, kept for ever, the newest in force."""

from tests.world import World


async def test_each_change_of_mind_is_kept_and_said_again_is_none(world: World) -> None:
    anna, ben = await world.client(), await world.client("Ben")
    assert (await anna.get("/me/consents")).json == {"items": [], "history": []}
    said = [
        ("terms", "2026-11", True),
        ("terms", "2026-11", True),
        ("marketing", "1", True),
        ("marketing", "1", False),
    ]
    for purpose, version, granted in said:
        body = {"purpose": purpose, "version": version, "granted": granted}
        reply = await anna.put("/me/consents", body)
        assert (reply.status, reply.json["granted"]) == (200, granted), reply.json
    found = (await anna.get("/me/consents")).json
    assert [(one["purpose"], one["granted"]) for one in found["items"]] == [
        ("terms", True),
        ("marketing", False),
    ]
    assert [(one["purpose"], one["granted"]) for one in found["history"]] == [
        ("marketing", False),
        ("marketing", True),
        ("terms", True),
    ]
    assert (await ben.get("/me/consents")).json["items"] == []
    strange = {"purpose": "soul", "version": "1", "granted": True}
    assert (await anna.put("/me/consents", strange)).status == 422
    assert (await (await world.admin()).get("/me/consents")).status == 403
    entries = await world.rows(
        "SELECT new_values FROM app.audit_logs WHERE action = 'consent_changed' ORDER BY id"
    )
    assert [row["new_values"] for row in entries] == [
        '{"granted": true, "purpose": "terms"}',
        '{"granted": true, "purpose": "marketing"}',
        '{"granted": false, "purpose": "marketing"}',
    ]


async def test_somebody_who_never_stops_is_stopped(world: World) -> None:
    anna = await world.client()
    await world.superuser.execute(
        "INSERT INTO app.consents (user_id, purpose, version, granted)"
        " SELECT $1, 'terms', n::text, true FROM generate_series(1, 1000) n",
        anna.id,
    )
    body = {"purpose": "terms", "version": "x", "granted": True}
    assert (await anna.put("/me/consents", body)).code == "TOO_MANY_CONSENTS"
    assert len((await anna.get("/me/consents")).json["history"]) == 100
    part = (await anna.get("/me/export")).json["parts"]["consents"]
    assert (len(part["items"]), part["truncated"]) == (1000, False)
