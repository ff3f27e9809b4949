"""Verification: an admin lets a page into the directory and takes it out again."""

from uuid import uuid4

from tests.world import World

FIELDS = {
    "id", "full_name", "headline", "qualifications", "time_zone", "is_verified", "verified_at",
    "is_accepting", "email", "phone", "verification_documents", "created_at",
}  # fmt: skip


async def test_a_verified_page_is_public_and_an_unverified_one_is_not(world: World) -> None:
    sarah, admin = await world.specialist(verified=False), await world.admin()
    assert await world.anonymous.sees("/specialists") == []

    reply = await admin.post(f"/admin/specialists/{sarah.id}/verify")
    assert (reply.status, reply.json["is_verified"]) == (200, True)
    assert reply.json["verified_at"] is not None
    assert len(await world.anonymous.sees("/specialists")) == 1

    reply = await admin.post(f"/admin/specialists/{sarah.id}/unverify")
    assert (reply.json["is_verified"], reply.json["verified_at"]) == (False, None)
    assert await world.anonymous.sees("/specialists") == []
    assert (await world.anonymous.get(f"/specialists/{sarah.id}")).status == 404


async def test_twice_is_as_good_as_once_and_recorded_once(world: World) -> None:
    sarah, admin = await world.specialist(verified=False), await world.admin()
    first = await admin.post(f"/admin/specialists/{sarah.id}/verify")
    again = await admin.post(f"/admin/specialists/{sarah.id}/verify")
    assert again.json == first.json
    [entry] = await world.rows(
        "SELECT actor_id, subject_id, old_values, new_values FROM app.audit_logs"
        " WHERE action = 'specialist_verified'"
    )
    assert (entry["actor_id"], entry["subject_id"]) == (admin.id, sarah.id)
    assert (entry["old_values"], entry["new_values"]) == (
        '{"is_verified": false}',
        '{"is_verified": true}',
    )


async def test_an_admin_sees_what_it_takes_to_verify(world: World) -> None:
    sarah, omar = await world.specialist(verified=False), await world.specialist("Dr. Omar")
    admin = await world.admin()
    document = "https://example.org/licence.pdf"
    await sarah.patch("/specialists/me", {"verification_documents": [document]})

    everybody = await admin.sees("/admin/specialists")
    assert {page["id"] for page in everybody} == {str(sarah.id), str(omar.id)}
    assert all(set(page) == FIELDS for page in everybody)
    [waiting] = await admin.sees("/admin/specialists?verified=false")
    assert (waiting["id"], waiting["verification_documents"]) == (str(sarah.id), [document])
    [public] = await admin.sees("/admin/specialists?verified=true")
    assert public["id"] == str(omar.id)
    first = await admin.get("/admin/specialists?limit=1")
    [rest] = await admin.sees(f"/admin/specialists?limit=1&cursor={first.json['next_cursor']}")
    assert [first.json["items"][0], rest] == everybody


async def test_nobody_verifies_himself(world: World) -> None:
    sarah = await world.specialist(verified=False)
    assert (await sarah.post(f"/admin/specialists/{sarah.id}/verify")).status == 403
    await sarah.patch("/specialists/me", {"headline": "Verified!"})
    assert (await sarah.get("/specialists/me")).json["is_verified"] is False


async def test_who_has_no_page_cannot_be_verified(world: World) -> None:
    anna, admin = await world.client(), await world.admin()
    for absent in (anna.id, uuid4()):
        for verb in ("verify", "unverify"):
            reply = await admin.post(f"/admin/specialists/{absent}/{verb}")
            assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
