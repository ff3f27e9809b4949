"""Accounts in an admin's hands: listed, changed, on the record; nobody else comes near."""

from typing import Any
from uuid import uuid4

import pytest

from tests.world import World

FIELDS = {
    "id", "email", "full_name", "role", "is_active", "email_verified_at", "created_at",
}  # fmt: skip
ROUTES = (
    ("GET", "/admin/users", None),
    ("PATCH", "/admin/users/{id}", {"is_active": False}),
    ("POST", "/admin/users/{id}/erase", {"reason": "Letter 118"}),
    ("GET", "/admin/specialists", None),
    ("POST", "/admin/specialists/{id}/verify", None),
    ("POST", "/admin/specialists/{id}/unverify", None),
)


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_only_an_admin_comes_in(
    world: World, method: str, path: str, body: dict[str, Any] | None
) -> None:
    sarah, anna = await world.specialist(), await world.client()
    path = path.format(id=sarah.id)
    for person, status in ((world.anonymous, 401), (anna, 403), (sarah, 403)):
        reply = await person.request(method, path, body)
        assert reply.status == status
    assert (await (await world.admin()).request(method, path, body)).status == 200


async def test_accounts_are_listed_the_newest_first_and_in_pages(world: World) -> None:
    sarah, anna, admin = await world.specialist(), await world.client(), await world.admin()
    users = await admin.sees("/admin/users")
    assert [user["id"] for user in users] == [str(admin.id), str(anna.id), str(sarah.id)]
    assert all(set(user) == FIELDS for user in users)

    first = await admin.get("/admin/users?limit=2")
    rest = await admin.sees(f"/admin/users?limit=2&cursor={first.json['next_cursor']}")
    assert [*first.json["items"], *rest] == users


async def test_accounts_are_found_by_address_role_and_state(world: World) -> None:
    sarah, anna, admin = await world.specialist(), await world.client(), await world.admin()
    email = (await admin.sees("/admin/users?role=client"))[0]["email"]

    async def found(query: str) -> set[str]:
        return {user["id"] for user in await admin.sees(f"/admin/users?{query}")}

    assert await found(f"email={email.upper()}") == {str(anna.id)}
    assert await found("role=specialist") == {str(sarah.id)}
    assert await found("is_active=false") == set()
    assert await found("email=&role=") == {str(one.id) for one in (sarah, anna, admin)}
    assert (await admin.get("/admin/users?role=owner")).status == 422


async def test_role_and_state_are_changed_on_the_record(world: World) -> None:
    anna, admin = await world.client(), await world.admin()

    reply = await admin.patch(f"/admin/users/{anna.id}", {"role": "specialist"})

    assert (reply.status, reply.json["role"]) == (200, "specialist")
    assert set(reply.json) == FIELDS
    [entry] = await world.rows(
        "SELECT actor_id, actor, subject_id, old_values, new_values FROM app.audit_logs"
        " WHERE action = 'user_changed'"
    )
    assert (entry["actor_id"], entry["actor"], entry["subject_id"]) == (admin.id, "admin", anna.id)
    assert '"role": "client"' in entry["old_values"]
    assert '"role": "specialist"' in entry["new_values"]

    await admin.patch(f"/admin/users/{anna.id}", {"role": "specialist"})
    count = await world.value("SELECT count(*) FROM app.audit_logs WHERE action = 'user_changed'")
    assert count == 1, "nothing changed, so there is nothing to record"


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "client"}])
async def test_who_is_no_active_specialist_takes_no_bookings(
    world: World, change: dict[str, Any]
) -> None:
    sarah, admin = await world.specialist(), await world.admin()
    await admin.patch(f"/admin/users/{sarah.id}", change)
    assert await world.anonymous.sees("/specialists") == []
    assert await world.anonymous.sees(f"/specialists/{sarah.id}/slots") == []


async def test_a_closed_account_is_shut_out(world: World) -> None:
    anna, admin = await world.client(), await world.admin()
    await admin.patch(f"/admin/users/{anna.id}", {"is_active": False})
    world.app.state.identities.clear()  # Otherwise within five seconds.
    assert (await anna.get("/me")).status == 401


async def test_nobody_changes_the_own_role_or_state(world: World) -> None:
    admin = await world.admin()
    for change in ({"role": "client"}, {"is_active": False}):
        reply = await admin.patch(f"/admin/users/{admin.id}", change)
        assert (reply.status, reply.code) == (409, "CANNOT_CHANGE_YOURSELF")


async def test_what_does_not_fit_is_refused(world: World) -> None:
    anna, admin = await world.client(), await world.admin()
    for wrong in (
        {"role": "owner"}, {"email": "new@example.org"}, {"email_verified_at": None}, {"id": "1"},
        {"is_active": "perhaps"},
    ):  # fmt: skip
        assert (await admin.patch(f"/admin/users/{anna.id}", wrong)).status == 422
    reply = await admin.patch(f"/admin/users/{uuid4()}", {"is_active": False})
    assert (reply.status, reply.code) == (404, "USER_NOT_FOUND")
