"""Money that comes after the booking has lapsed: the time is taken again while it is free, else the
money is released and the payer told.
"""

from typing import Any

import pytest

from consulta.providers.payments.port import ChargeState
from tests.features.bookings.stages import Stage, booked
from tests.features.coupons.coupon_desk import counted, offers
from tests.world import World


async def lapsed(world: World, **more: Any) -> Stage:
    """Not paid in half an hour; nobody has told the provider yet."""
    stage = await booked(world, **more)
    await world.travel(minutes=31)
    await world.work_off("bookings.expire")
    assert (await stage.seen())["status"] == "expired"
    return stage


async def paid_late(stage: Stage) -> None:
    """The payer's browser was a little slow; a letter tells us."""
    payment = (await stage.seen())["payment"]["id"]
    await stage.world.sandbox.present_method(await stage.reference(), "pm_sandbox_visa")
    reply = await stage.anna.post(f"/sandbox/payments/{payment}/action", {"succeed": True})
    assert reply.status == 200, reply.json


async def topics(world: World) -> list[str]:
    return [row["topic"] for row in await world.rows("SELECT topic FROM app.outbox ORDER BY id")]


async def test_a_time_that_is_still_free_is_taken_again(world: World) -> None:
    stage = await lapsed(world)
    await paid_late(stage)
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    assert not await stage.is_free_again()
    # The release that the end had asked for is withdrawn, and never comes.
    assert await stage.operations() == [("authorize", "done"), ("cancel", "dead")]
    await world.travel(minutes=5)
    await world.work_off()
    assert (await stage.charge()).state is ChargeState.AUTHORIZED

    reply = await stage.confirm()
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    assert await stage.status() == ("confirmed", "paid")
    assert "booking.payment_too_late" not in await topics(world)
    history = await stage.anna.sees(f"/bookings/{stage.id}/history")
    assert [(one["to_status"], one["actor_kind"]) for one in history[1:3]] == [
        ("expired", "system"),
        ("awaiting_confirmation", "system"),
    ]


async def test_it_has_a_time_of_its_own_to_be_confirmed_in(world: World) -> None:
    stage = await lapsed(world)
    await paid_late(stage)
    await world.travel(hours=24, minutes=1)
    await world.work_off("bookings.expire")
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED
    # What was not confirmed in time is never taken again.
    assert await stage.is_free_again()


async def test_bookings_that_confirm_themselves_take_the_money_at_once(world: World) -> None:
    stage = await lapsed(world, auto_confirm=True)
    await paid_late(stage)
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")


async def test_a_time_that_somebody_has_by_now_is_his_and_the_payer_is_told(world: World) -> None:
    stage = await lapsed(world)
    assert await stage.is_free_again()
    await paid_late(stage)
    assert await stage.status() == ("expired", "authorized")
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED
    (message,) = await world.rows(
        "SELECT payload FROM app.outbox WHERE topic = 'booking.payment_too_late'"
    )
    assert stage.id in message["payload"]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM app.availability_rules",
        "UPDATE app.specialists SET is_accepting = false",
        "UPDATE app.specialists SET minimum_notice_minutes = 43200",
    ],
)
async def test_a_time_that_is_offered_no_more_is_not_taken(world: World, change: str) -> None:
    stage = await lapsed(world)
    await world.superuser.execute(change)
    await paid_late(stage)
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")
    assert "booking.payment_too_late" in await topics(world)


async def test_a_session_that_has_begun_is_not_taken_again(world: World) -> None:
    stage = await lapsed(world)
    await world.travel(days=8)
    await paid_late(stage)
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")


async def test_whoever_called_it_off_is_not_told_that_it_came_too_late(world: World) -> None:
    stage = await booked(world)
    async with world.sandbox_away():
        await stage.cancel()
    await paid_late(stage)
    await world.travel(minutes=5)
    await world.work_off()
    assert await stage.status() == ("cancelled", "cancelled")
    assert "booking.payment_too_late" not in await topics(world)


async def test_a_release_that_was_sent_is_not_taken_back(world: World) -> None:
    """Its answer is not known: the money may be gone already."""
    stage = await booked(world)
    await world.travel(minutes=31)
    await world.work_off("bookings.expire")
    async with world.sandbox_away():
        await world.work_off()
    assert await stage.operations() == [("authorize", "done"), ("cancel", "in_doubt")]
    await paid_late(stage)
    assert (await stage.seen())["status"] == "expired"
    await world.travel(minutes=5)
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")


async def test_a_coupon_is_used_again_with_the_time(world: World) -> None:
    sarah = await world.specialist()
    coupon = await offers(sarah, most_uses=1)
    stage = await late_with_coupon(world, sarah, coupon)
    assert await counted(world, coupon) == (0, 0)
    await paid_late(stage)
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    assert await counted(world, coupon) == (1, 1)
    # The one use that there is, is used: nobody else gets it.
    ben = await world.client("Ben")
    reply = await ben.post("/bookings", sarah.booking("tue 10:00", coupon_code=coupon["code"]))
    assert (reply.status, reply.code) == (409, "COUPON_USED_UP")


async def test_a_coupon_that_somebody_else_used_up_meanwhile_ends_it(world: World) -> None:
    sarah = await world.specialist()
    coupon = await offers(sarah, most_uses=1)
    stage = await late_with_coupon(world, sarah, coupon)
    ben = await world.client("Ben")
    await ben.books(sarah, "tue 10:00", coupon_code=coupon["code"])
    await paid_late(stage)
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")
    assert await stage.is_free_again()
    assert await counted(world, coupon) == (1, 1)


async def late_with_coupon(world: World, sarah: Any, coupon: Any) -> Stage:
    anna = await world.client()
    booking = await anna.books(sarah, "mon 10:00", coupon_code=coupon["code"])
    await world.travel(minutes=31)
    await world.work_off("bookings.expire")
    return Stage(world, sarah, anna, booking["id"], sarah.at("mon 10:00"))
