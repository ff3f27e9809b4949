"""Erased by an admin, at the written request of the owner: on the same conditions, and recorded."""

from uuid import uuid4

import pytest

from consulta.features.compliance.errors import NotConfirmed
from consulta.kernel.actor import Actor, Role
from consulta.platform.db.work import Database
from tests.conftest import TestDatabase
from tests.features.compliance.lives import ANNAS, PASSWORD, registered
from tests.features.compliance.test_lives import places_of
from tests.platform.replicas import replica
from tests.world import World

_ENTRIES = """
SELECT action, actor_id, actor, new_values::text AS said FROM app.audit_logs
WHERE subject_id = $1 AND action LIKE 'account_eras%' ORDER BY id
"""
ORDER = {"reason": "Letter 118"}


async def test_an_admin_erases_an_account_whose_owner_asked_for_it(
    world: World,
) -> None:
    ada, sarah = await world.admin(), await world.specialist()
    anna, email = await registered(world, ANNAS)
    door = f"/admin/users/{anna.id}/erase"
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    for wrong in ({}, {"reason": " "}, {**ORDER, "password": PASSWORD}):
        assert (await ada.post(door, wrong)).status == 422
    blocked = await ada.post(door, ORDER)
    assert (blocked.status, blocked.code) == (409, "ERASURE_BLOCKED"), blocked.json
    assert blocked.json["blocking"] == {"sessions_to_come": 1, "payments_in_motion": 1}
    assert (await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "no"})).status == 200
    await world.work_off()
    # Who may not come in any more cannot ask in the own name.
    assert (await ada.patch(f"/admin/users/{anna.id}", {"is_active": False})).status == 200

    erased = await ada.post(door, ORDER)

    assert erased.status == 200, erased.json
    assert "payments" in {one["what"] for one in erased.json["kept"]}
    assert await places_of(world, ANNAS) == set()
    again = await ada.post(door, ORDER)
    assert (again.status, again.json) == (200, erased.json)
    ordered = ("account_erasure_ordered", ada.id, "admin", '{"reason": "Letter 118"}')
    entries = [tuple(row.values()) for row in await world.rows(_ENTRIES, anna.id)]
    assert entries == [ordered, ordered, ("account_erased", ada.id, "admin", None)]
    login = {"email": email, "password": PASSWORD}
    assert (await world.anonymous.post("/auth/login", login)).code == "INVALID_CREDENTIALS"


async def test_admins_are_not_erased_nor_is_anybody_without_an_order(
    world: World, database: TestDatabase
) -> None:
    ada, anna = await world.admin(), await world.client()
    own = await ada.post(f"/admin/users/{ada.id}/erase", ORDER)
    assert (own.status, own.code) == (403, "FORBIDDEN")
    nobody = await ada.post(f"/admin/users/{uuid4()}/erase", ORDER)
    assert (nobody.status, nobody.code) == (404, "USER_NOT_FOUND")
    async with replica(database) as doors:
        await _refused(doors, Actor(Role.CLIENT, anna.id), ada.id)
        async with doors.work(Actor(Role.ADMIN, ada.id)) as work:
            work.audit("account_erasure_ordered", subject_type="user", subject_id=anna.id)
        async with doors.work(Actor(Role.CLIENT, anna.id)) as work:
            # The control: with the order, and while it is fresh, the door opens.
            assert await work.fetchval("SELECT app.begin_erasure(NULL, $1)", ada.id) == {}
        await world.travel(minutes=11)
        await _refused(doors, Actor(Role.CLIENT, anna.id), ada.id)


async def _refused(doors: Database, person: Actor, admin: object) -> None:
    with pytest.raises(NotConfirmed):
        async with doors.work(person) as work:
            await work.fetchval("SELECT app.erase_account(NULL, $1)", admin)


async def test_nobodys_page_is_not_verified(world: World) -> None:
    ada, sarah = await world.admin(), await world.specialist()
    assert (await ada.post(f"/admin/users/{sarah.id}/erase", ORDER)).status == 200

    verified = await ada.post(f"/admin/specialists/{sarah.id}/verify")

    assert (verified.status, verified.code) == (409, "ACCOUNT_ERASED"), verified.json
    assert await world.anonymous.sees("/specialists") == []
