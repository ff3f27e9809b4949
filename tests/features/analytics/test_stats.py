"""The numbers of the house, the same for an admin, a cron daemon and the database itself."""

from typing import Any

import pytest

from tests.world import World


async def lived_in(world: World) -> dict[str, Any]:
    """One booking paid, one returned in part, one overdue, one hold: and what that adds up to."""
    sarah, anna = await world.specialist(open="sun-sat 08:00-18:00"), await world.client()
    kept = await anna.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    returned = await anna.books(sarah, "mon 11:00", payment_method="pm_sandbox_visa")
    for booking in (kept, returned):
        assert (await sarah.post(f"/bookings/{booking['id']}/confirm")).status == 200
    assert (await anna.post(f"/bookings/{returned['id']}/cancel")).status == 200
    await anna.books(sarah, "mon 12:00")
    await world.travel(minutes=31)
    assert (await anna.post("/holds", sarah.booking("mon 13:00"))).status == 201
    return {
        "counts": {"confirmed": 1, "cancelled": 1, "pending_payment": 1},
        "total": 3,
        "live_holds": 1,
        "overdue_unpaid": 1,
        "revenue": {"USD": 20_000},
    }


def without_time(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "at"}


async def test_an_admin_sees_the_numbers(world: World) -> None:
    expected = await lived_in(world)
    ada = await world.admin()
    assert without_time((await ada.get("/admin/stats")).json) == expected


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_cron_daemon_is_told_them(world: World, method: str) -> None:
    expected = await lived_in(world)
    reply = await world.cron("booking-stats", method=method)
    assert reply.status == 200
    assert without_time(reply.json["result"]) == expected


async def test_the_database_says_and_does_the_same(world: World) -> None:
    await lived_in(world)
    async with world.database.connected("consulta_admin") as admin:
        await admin.execute("SELECT set_config('role', 'consulta_admin', false)")
        assert await admin.fetchval("SELECT app.cleanup_expired_bookings()") == 1
        assert await admin.fetchval("SELECT app.cleanup_expired_bookings()") == 0
        counts = await admin.fetchval("SELECT app.get_booking_stats() ->> 'counts'")
    assert '"expired": 1' in counts
    # What was reserved for it is about to be released: the operation waits for the worker.
    (operation,) = await world.rows(
        "SELECT state FROM app.payment_operations WHERE kind = 'cancel'"
    )
    assert operation["state"] == "pending"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_cron_daemon_releases_orphaned_claims(world: World, method: str) -> None:
    sarah, anna = await world.specialist(), await world.client()
    assert (await anna.post("/holds", sarah.booking("mon 10:00"))).status == 201
    await world.travel(minutes=11)
    reply = await world.cron("cleanup-orphaned-slots", method=method)
    assert reply.json["result"] == {"released": 1, "live_bookings_without_slot": []}
    assert await world.value("SELECT count(*) FROM app.slots WHERE status = 'held'") == 0
