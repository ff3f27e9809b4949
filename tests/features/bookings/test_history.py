"""Every move of a booking's status leaves a row: who, from where to where, why."""

from typing import Any

from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import Person, World


async def moves(stage: Stage, who: Person | None = None) -> list[Any]:
    reply = await (who or stage.anna).get(f"/bookings/{stage.id}/history")
    assert reply.status == 200
    return [
        (one["from_status"], one["to_status"], one["actor_kind"], one["reason"])
        for one in reply.json["items"]
    ]


async def test_the_whole_way_of_a_booking(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    await stage.sarah.post(f"/bookings/{stage.id}/complete")
    expected = [
        (None, "pending_payment", "client", None),
        ("pending_payment", "awaiting_confirmation", "system", "authorised"),
        ("awaiting_confirmation", "confirmed", "system", "paid"),
        ("confirmed", "completed", "specialist", None),
    ]
    ada = await world.admin()
    assert await moves(stage) == await moves(stage, stage.sarah) == expected
    assert await moves(stage, ada) == expected


async def test_reasons_are_kept_with_their_move(world: World) -> None:
    stage = await authorised(world)
    await stage.decline({"reason": "On holiday."})
    assert (await moves(stage))[-1] == (
        "awaiting_confirmation",
        "declined",
        "specialist",
        "On holiday.",
    )


async def test_the_rows_name_the_actor_and_the_request(world: World) -> None:
    stage = await booked(world)
    reply = await stage.cancel({"reason": "No."}, headers={"X-Request-ID": "cancelling-request-1"})
    assert reply.status == 200
    rows = await world.rows(
        "SELECT to_status, actor_id, request_id FROM app.booking_status_history ORDER BY id"
    )
    assert [row["actor_id"] for row in rows] == [stage.anna.id, stage.anna.id]
    (entry,) = await world.rows(
        "SELECT request_id, actor_id, old_values, new_values FROM app.audit_logs"
        " WHERE action = 'booking.cancelled'"
    )
    assert entry["request_id"] == rows[1]["request_id"] == reply.headers["x-request-id"]
    assert (entry["old_values"], entry["new_values"]) == (
        '{"status": "pending_payment"}',
        '{"status": "cancelled"}',
    )


async def test_others_see_no_history(world: World) -> None:
    stage = await booked(world)
    ben = await world.client("Ben")
    reply = await ben.get(f"/bookings/{stage.id}/history")
    assert (reply.status, reply.code) == (404, "BOOKING_NOT_FOUND")
    assert (await world.anonymous.get(f"/bookings/{stage.id}/history")).status == 401
