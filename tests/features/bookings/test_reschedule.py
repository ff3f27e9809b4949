"""Moving a session: the same booking at another time, or nothing at all."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consulta.providers.payments.port import ChargeState
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import Person, Reply, World

HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


async def move(stage: Stage, when: str | datetime, who: Person | None = None, **more: Any) -> Reply:
    body = {"starts_at": stage.sarah.at(when).isoformat(), **more}
    return await (who or stage.anna).post(f"/bookings/{stage.id}/reschedule", body)


async def claims(stage: Stage) -> list[tuple[str, datetime]]:
    """Every claim in the calendar with its state, the oldest first."""
    rows = await stage.world.rows("SELECT status, session_starts_at FROM app.slots ORDER BY id")
    return [(row["status"], row["session_starts_at"]) for row in rows]


async def test_a_move_keeps_the_booking_and_its_payment(world: World) -> None:
    stage = await confirmed(world)
    before = await stage.seen()

    reply = await move(stage, "wed 14:30", reason="The dentist.")

    assert reply.status == 200, reply.json
    moved = stage.sarah.at("wed 14:30")
    changes = ("starts_at", "ends_at", "updated_at")
    same = before | {"revision": 1} | {name: reply.json[name] for name in changes}
    assert reply.json.items() <= same.items()
    assert datetime.fromisoformat(reply.json["starts_at"]) == moved
    assert datetime.fromisoformat(reply.json["ends_at"]) == moved + HOUR / 2
    assert await claims(stage) == [("released", stage.starts_at), ("booked", moved)]
    assert await stage.charges() == 1
    assert await stage.is_free_again()


async def test_both_sides_and_an_admin_may_move(world: World) -> None:
    stage = await confirmed(world)
    people = (stage.anna, stage.sarah, await world.admin())
    for revision, (who, when) in enumerate(zip(people, ("10:30", "11:00", "11:30"), strict=True)):
        reply = await move(stage, f"mon {when}", who, revision=revision)
        assert (reply.status, reply.json["revision"]) == (200, revision + 1), reply.json
    history = (await stage.anna.get(f"/bookings/{stage.id}/history")).json
    assert [one["moved_by"] for one in history["reschedules"]] == ["client", "specialist", "admin"]
    assert [one["revision"] for one in history["reschedules"]] == [1, 2, 3]
    assert len(history["items"]) == 3  # No status moved.


async def test_the_move_leaves_its_trail(world: World) -> None:
    stage = await confirmed(world)
    await move(stage, "tue 09:00", stage.sarah, reason="A conference.")
    moved = stage.sarah.at("tue 09:00")
    [one] = (await stage.anna.get(f"/bookings/{stage.id}/history")).json["reschedules"]
    assert {name: one[name] for name in ("from_starts_at", "to_starts_at", "reason")} == {
        "from_starts_at": stage.starts_at.isoformat().replace("+00:00", "Z"),
        "to_starts_at": moved.isoformat().replace("+00:00", "Z"),
        "reason": "A conference.",
    }
    [entry] = await world.rows(
        "SELECT actor_id, old_values ->> 'starts_at' AS old, new_values ->> 'starts_at' AS new"
        " FROM app.audit_logs WHERE action = 'booking.rescheduled'"
    )
    assert entry["actor_id"] == stage.sarah.id
    assert datetime.fromisoformat(entry["old"]) == stage.starts_at
    assert datetime.fromisoformat(entry["new"]) == moved
    sent = await world.value(
        "SELECT payload ->> 'revision' FROM app.outbox WHERE topic = 'booking.rescheduled'"
    )
    assert sent == "1"


async def test_the_same_start_changes_nothing(world: World) -> None:
    stage = await confirmed(world)
    before = await stage.seen()
    reply = await move(stage, stage.starts_at)
    assert reply.status == 200
    assert reply.json.items() <= before.items(), "the page has more around it"
    assert await world.rows("SELECT 1 FROM app.booking_reschedules") == []
    assert await world.rows("SELECT 1 FROM app.outbox WHERE topic = 'booking.rescheduled'") == []


@pytest.mark.parametrize("minutes", [-30, 30, 15, 45])
async def test_the_own_old_time_is_not_in_the_way(world: World, minutes: int) -> None:
    """An hour's session on a grid of a quarter: every one of these overlaps where it was."""
    sarah = await world.specialist(minutes=60, slot_minutes=15)
    stage = await confirmed(world, sarah=sarah)
    moved = stage.starts_at + timedelta(minutes=minutes)
    assert (await move(stage, moved)).status == 200
    assert await claims(stage) == [("released", stage.starts_at), ("booked", moved)]


async def test_the_time_of_another_is_in_the_way_and_nothing_changes(world: World) -> None:
    stage = await confirmed(world)
    ben = await world.client("Ben")
    await ben.books(stage.sarah, "mon 11:00")
    before, taken = await stage.seen(), await claims(stage)
    reply = await move(stage, "mon 11:00")
    assert (reply.status, reply.code) == (409, "SLOT_TAKEN")
    assert (await stage.seen(), await claims(stage)) == (before, taken)
    assert await world.rows("SELECT 1 FROM app.audit_logs WHERE action LIKE '%rescheduled'") == []


async def test_a_stale_revision_is_refused(world: World) -> None:
    stage = await confirmed(world)
    assert (await move(stage, "mon 11:00", revision=0)).status == 200
    reply = await move(stage, "mon 12:00", revision=0)
    assert (reply.status, reply.code) == (409, "BOOKING_CHANGED")
    assert (await stage.seen())["revision"] == 1
    assert (await move(stage, "mon 12:00", revision=1)).status == 200


async def test_what_has_ended_or_begun_is_not_moved(world: World) -> None:
    stage = await confirmed(world)
    other = await booked(world, sarah=stage.sarah, when="mon 11:00")
    await other.cancel()
    reply = await move(other, "wed 10:00")
    assert (reply.status, reply.code) == (409, "ALREADY_CANCELLED")
    await world.stop_clock(stage.starts_at)
    reply = await move(stage, "wed 10:00")
    assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")
    await stage.sarah.post(f"/bookings/{stage.id}/complete")
    reply = await move(stage, "wed 10:00", stage.sarah, anyway=True)
    assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")


async def test_nobody_moves_into_the_past(world: World) -> None:
    stage = await confirmed(world)
    past = stage.starts_at - timedelta(days=14)
    for who, anyway in ((stage.anna, False), (stage.sarah, False), (stage.sarah, True)):
        reply = await move(stage, past, who, anyway=anyway)
        assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")


async def test_anothers_booking_is_not_there(world: World) -> None:
    stage = await confirmed(world)
    for stranger in (await world.client("Ben"), await world.specialist("Dr. Omar")):
        reply = await move(stage, "wed 10:00", stranger)
        assert (reply.status, reply.code) == (404, "BOOKING_NOT_FOUND")
    body = {"starts_at": stage.starts_at.isoformat()}
    reply = await stage.anna.post(f"/bookings/{uuid4()}/reschedule", body)
    assert (reply.status, reply.code) == (404, "BOOKING_NOT_FOUND")
    assert (await move(stage, "wed 10:00", world.anonymous)).status == 401


async def test_the_same_key_moves_once(world: World) -> None:
    stage = await confirmed(world)
    path = f"/bookings/{stage.id}/reschedule"
    body = {"starts_at": stage.sarah.at("mon 11:00").isoformat(), "revision": 0}
    first = await stage.anna.post(path, body, key="a-move")
    again = await stage.anna.post(path, body, key="a-move")
    assert (again.status, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert (await stage.anna.post(path, body, key=None)).code == "BOOKING_CHANGED"


async def test_what_is_unpaid_moves_with_its_held_time(world: World) -> None:
    stage = await booked(world)
    expires = (await stage.seen())["expires_at"]
    reply = await move(stage, "tue 09:00")
    assert (reply.status, reply.json["status"]) == (200, "pending_payment")
    assert reply.json["expires_at"] == expires
    moved = stage.sarah.at("tue 09:00")
    assert await claims(stage) == [("released", stage.starts_at), ("held", moved)]
    paid = await stage.pay("pm_sandbox_visa")
    assert (paid.status, paid.json["status"]) == (201, "awaiting_confirmation")
    assert await claims(stage) == [("released", stage.starts_at), ("booked", moved)]


async def test_what_is_unpaid_expires_before_its_new_start(world: World) -> None:
    stage = await booked(world, when="wed 10:00")
    soon = stage.sarah.at("mon 10:00")
    await world.superuser.execute(
        "UPDATE app.bookings SET expires_at = $1; ".replace("$1", f"'{stage.starts_at}'")
        + f"UPDATE app.slots SET held_until = '{stage.starts_at}'"
    )
    await world.stop_clock(soon - HOUR / 4)
    reply = await move(stage, soon)
    assert reply.status == 200
    assert datetime.fromisoformat(reply.json["expires_at"]) == soon
    held = await world.value("SELECT held_until FROM app.slots WHERE status = 'held'")
    assert held == soon


async def test_what_awaits_its_confirmation_keeps_or_shortens_its_time(world: World) -> None:
    stage = await authorised(world, when="wed 10:00", confirmation_hours=168)
    until = datetime.fromisoformat((await stage.seen())["expires_at"])
    earlier = await move(stage, "mon 10:00")
    assert datetime.fromisoformat(earlier.json["expires_at"]) == min(
        until, stage.sarah.at("mon 10:00")
    )
    later = await move(stage, stage.starts_at + timedelta(days=7))
    assert later.json["expires_at"] == earlier.json["expires_at"]
    charge = await stage.charge()
    assert (charge.state, charge.captured_minor) == (ChargeState.AUTHORIZED, 0)
    assert (await stage.confirm()).json["status"] == "confirmed"
    assert (await stage.seen())["expires_at"] is None


async def test_what_is_overdue_is_not_moved(world: World) -> None:
    unpaid = await booked(world)
    awaiting = await authorised(world, sarah=unpaid.sarah, when="mon 11:00")
    await world.stop_clock(datetime.fromisoformat((await unpaid.seen())["expires_at"]))
    reply = await move(unpaid, "wed 10:00")
    assert (reply.status, reply.code) == (409, "ALREADY_CANCELLED")
    await world.stop_clock(datetime.fromisoformat((await awaiting.seen())["expires_at"]))
    reply = await move(awaiting, "wed 11:00", awaiting.sarah)
    assert (reply.status, reply.code) == (409, "ALREADY_CANCELLED")


async def test_while_its_capture_is_in_doubt_a_booking_moves_and_is_confirmed(
    world: World,
) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        assert (await stage.confirm()).status == 202
    # Only the doubt keeps it from expiring.
    await world.superuser.execute("UPDATE app.bookings SET expires_at = app.now()")
    reply = await move(stage, "wed 10:00")
    assert reply.status == 200, reply.json
    await world.travel(minutes=10)
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")


async def test_a_claim_that_lapsed_gives_way(world: World) -> None:
    stage = await confirmed(world)
    ben = await booked(world, sarah=stage.sarah, when="mon 11:00")
    await world.travel(minutes=31)
    assert (await move(stage, "mon 11:00")).status == 200
    assert (await ben.seen())["status"] == "expired"


async def test_a_confirmed_booking_gets_no_expiry_by_a_move(world: World) -> None:
    stage = await confirmed(world)
    await move(stage, "wed 10:00")
    assert await world.value("SELECT expires_at FROM app.bookings") is None
