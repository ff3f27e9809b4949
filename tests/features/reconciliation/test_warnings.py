"""Authorisations that are about to end are told of, a day before and once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.features.bookings.stages import authorised, confirmed
from tests.world import World


async def warnings(world: World) -> list[Any]:
    return await world.rows(
        "SELECT payload FROM app.outbox WHERE topic = 'payment.authorization_expiring'"
    )


async def ends_in(world: World, **ahead: float) -> None:
    now: datetime = await world.value("SELECT app.now()")
    await world.superuser.execute(
        "UPDATE app.payments SET capture_before = $1 WHERE status = 'authorized'",
        now + timedelta(**ahead),
    )


async def test_when_it_ends_is_read_from_the_charge(world: World) -> None:
    stage = await authorised(world)
    until = (await stage.charge()).capture_before
    assert until is not None
    assert datetime.fromisoformat((await stage.payment())["capture_before"]) == until
    assert timedelta(days=6) < until - datetime.now(UTC) < timedelta(days=8)


async def test_a_day_before_its_end_it_is_told_of_once(world: World) -> None:
    stage = await authorised(world)
    await ends_in(world, hours=25)
    await world.work_off("reconciliation.warn_of_ends")
    assert await warnings(world) == []
    await world.travel(hours=2)
    for _ in range(2):
        await world.work_off("reconciliation.warn_of_ends")
    (message,) = await warnings(world)
    assert stage.id in message["payload"]
    assert str(stage.sarah.id) in message["payload"]
    entries = await world.rows(
        "SELECT subject_id FROM app.audit_logs WHERE action = 'payment.expiry_warned'"
    )
    assert [str(row["subject_id"]) for row in entries] == [(await stage.seen())["payment"]["id"]]
    assert await world.value("SELECT expiry_warned_at FROM app.payments") is not None


async def test_what_was_taken_or_has_ended_is_not_warned_of(world: World) -> None:
    await confirmed(world)
    gone = await authorised(world)
    await ends_in(world, hours=-1)
    await gone.decline()
    await world.work_off("reconciliation.warn_of_ends")
    assert await warnings(world) == []


async def test_a_reservation_that_lapsed_unheard_ends_its_booking(world: World) -> None:
    stage = await authorised(world)
    await world.superuser.execute(
        'UPDATE app.sandbox_charges SET state = state || \'{"status": "cancelled"}\''
    )
    await world.travel(hours=7)
    await world.work_off("reconciliation.read_again")
    assert await stage.status() == ("expired", "cancelled")
    assert await stage.is_free_again()
