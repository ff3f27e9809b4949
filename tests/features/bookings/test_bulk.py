"""A specialist answers for many bookings at once; each is decided by itself."""

from typing import Any
from uuid import uuid4

import pytest

from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import Reply, World


async def three(world: World) -> list[Stage]:
    """One confirmed and paid, one that waits for the specialist, one that is not paid."""
    first = await confirmed(world)
    return [
        first,
        await authorised(world, sarah=first.sarah, when="mon 11:00"),
        await booked(world, sarah=first.sarah, when="mon 12:00"),
    ]


async def cancel_all(stages: list[Stage], *more: Any, **headers: Any) -> Reply:
    body = {
        "booking_ids": [*(stage.id for stage in stages), *map(str, more)],
        "reason": "I am ill.",
        "reason_code": "illness",
    }
    return await stages[0].sarah.post("/bookings/bulk-cancel", body, **headers)


async def test_all_are_cancelled_and_their_money_goes_back(world: World) -> None:
    stages = await three(world)
    # An hour before the first: no tier would give back any of it.
    await world.stop_clock(stages[0].starts_at.replace(hour=9))
    await world.superuser.execute("UPDATE app.bookings SET expires_at = app.now() + interval '1 h'")
    await world.superuser.execute(
        "UPDATE app.slots SET held_until = app.now() + interval '1 h' WHERE status = 'held'"
    )

    reply = await cancel_all(stages)

    assert reply.status == 200, reply.json
    assert [one["status"] for one in reply.json["items"]] == ["cancelled"] * 3
    assert [one["booking_id"] for one in reply.json["items"]] == [stage.id for stage in stages]
    assert [one["refund"]["amount_minor"] for one in reply.json["items"]] == [20_000, 0, 0]
    assert [await stage.status() for stage in stages] == [
        ("cancelled", "refunded"),
        ("declined", "cancelled"),
        ("cancelled", "cancelled"),
    ]
    records = await world.rows("SELECT reason, reason_code FROM app.booking_cancellations")
    assert records == [{"reason": "I am ill.", "reason_code": "illness"}] * 3


async def test_one_that_fails_stands_in_nobodys_way(world: World) -> None:
    stages = await three(world)
    await stages[0].cancel()
    omar = await world.specialist("Dr. Omar")
    foreign = await stages[0].anna.books(omar, "mon 10:00")
    absent = uuid4()

    reply = await cancel_all(stages, foreign["id"], absent, stages[1].id)

    outcomes = [(one["booking_id"], one["status"], one.get("code")) for one in reply.json["items"]]
    assert outcomes == [
        (stages[0].id, "failed", "ALREADY_CANCELLED"),
        (stages[1].id, "cancelled", None),
        (stages[2].id, "cancelled", None),
        (foreign["id"], "failed", "BOOKING_NOT_FOUND"),
        (str(absent), "failed", "BOOKING_NOT_FOUND"),
    ]
    assert [(one["detail"] is None, one["refund"] is None) for one in reply.json["items"]] == [
        (one["status"] == "cancelled", one["status"] == "failed") for one in reply.json["items"]
    ]
    assert reply.json["items"][0]["detail"] == "The booking does not stand any more."
    assert (await stages[0].anna.get(f"/bookings/{foreign['id']}")).json["status"] != "cancelled"


async def test_a_specialist_does_not_cancel_in_the_clients_name(world: World) -> None:
    """Booked with a colleague he is the client there, and the tiers are his: one by one."""
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    booking = await omar.books(sarah, "mon 10:00")
    reply = await omar.post("/bookings/bulk-cancel", {"booking_ids": [booking["id"]]})
    assert [one["code"] for one in reply.json["items"]] == ["FORBIDDEN"]
    assert (await omar.get(f"/bookings/{booking['id']}")).json["status"] == "pending_payment"


async def test_an_admin_may_and_a_client_may_not(world: World) -> None:
    stages = await three(world)
    body = {"booking_ids": [stage.id for stage in stages]}
    for path, sent in (("bulk-cancel", body), ("bulk-propose", {"items": []})):
        reply = await stages[0].anna.post(f"/bookings/{path}", sent)
        assert (reply.status, reply.code) == (403, "FORBIDDEN")
        assert (await world.anonymous.post(f"/bookings/{path}", sent)).status == 401
    reply = await (await world.admin()).post("/bookings/bulk-cancel", body)
    assert {one["status"] for one in reply.json["items"]} == {"cancelled"}


async def test_the_same_key_gets_the_same_answer(world: World) -> None:
    stages = await three(world)
    first = await cancel_all(stages, key="ill")
    again = await cancel_all(stages, key="ill")
    assert (again.status, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = await cancel_all(stages[:2], key="ill")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await cancel_all(stages, key=None)).code == "IDEMPOTENCY_KEY_REQUIRED"


async def test_after_a_crash_the_same_key_finds_what_was_done_and_does_the_rest(
    world: World,
) -> None:
    """The process died between two bookings: the key has its lease and no answer."""
    stages = await three(world)
    await stages[2].cancel()  # By the client, before all this.
    await stages[0].sarah.post(f"/bookings/{stages[0].id}/cancel")
    await cancel_all(stages, key="ill")
    await world.superuser.execute(
        "UPDATE app.idempotency_keys SET answer = NULL, status_code = NULL,"
        " lease_until = app.now() - interval '1 second' WHERE key = 'ill'"
    )
    reply = await cancel_all(stages, key="ill")
    outcomes = [(one["status"], one.get("code")) for one in reply.json["items"]]
    assert outcomes == [("cancelled", None), ("cancelled", None), ("failed", "ALREADY_CANCELLED")]
    assert reply.json["items"][0]["refund"]["amount_minor"] == 20_000
    assert (await stages[0].charge()).refunded_minor == 20_000


async def test_a_provider_that_is_away_is_called_again_later(world: World) -> None:
    stages = await three(world)
    async with world.sandbox_away():
        reply = await cancel_all(stages)
    assert {one["status"] for one in reply.json["items"]} == {"cancelled"}
    assert (await stages[0].charge()).refunded_minor == 0
    await world.travel(minutes=10)
    await world.work_off()
    assert (await stages[0].charge()).refunded_minor == 20_000
    assert await stages[1].status() == ("declined", "cancelled")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("bulk-cancel", {"booking_ids": []}),
        ("bulk-cancel", {"booking_ids": [str(uuid4()) for _ in range(51)]}),
        ("bulk-cancel", {"booking_ids": ["1"]}),
        ("bulk-cancel", {"booking_ids": [str(uuid4())], "quote_token": "x"}),
        ("bulk-propose", {"items": []}),
        ("bulk-propose", {"items": [{"booking_id": str(uuid4())}]}),
        (
            "bulk-propose",
            {"items": [{"booking_id": str(uuid4()), "starts_at": "2026-12-01T10:00:00Z"}] * 51},
        ),
    ],
)
async def test_lists_are_bounded(world: World, path: str, body: Any) -> None:
    sarah = await world.specialist()
    reply = await sarah.post(f"/bookings/{path}", body)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_times_are_proposed_for_many(world: World) -> None:
    stages = await three(world)
    sarah = stages[0].sarah
    wishes = [(stages[0].id, "wed 10:00"), (stages[1].id, "sat 10:00"), (str(uuid4()), "wed 11:00")]
    items = [
        {"booking_id": booking, "starts_at": sarah.at(when).isoformat(), "message": "I am ill."}
        for booking, when in wishes
    ]
    reply = await sarah.post("/bookings/bulk-propose", {"items": items}, key="propose")
    assert reply.status == 200, reply.json
    assert [(one["status"], one.get("code")) for one in reply.json["items"]] == [
        ("proposed", None),
        ("failed", "SLOT_NOT_OFFERED"),
        ("failed", "BOOKING_NOT_FOUND"),
    ]
    assert await stages[0].anna.sees(f"/bookings/{stages[0].id}/proposals") == [
        reply.json["items"][0]["proposal"]
    ]
    again = await sarah.post("/bookings/bulk-propose", {"items": items}, key="propose")
    assert again.content == reply.content
