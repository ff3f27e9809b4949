"""Bookings whose time runs out: the time is free again, and what was reserved is released."""

import asyncio
from datetime import datetime, timedelta

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.port import AuthorizeOrder, ChargeState
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import World


async def sweep(world: World) -> None:
    await world.work_off("bookings.expire")
    await world.work_off()


async def test_who_does_not_pay_in_half_an_hour_loses_the_time(world: World) -> None:
    stage = await booked(world)
    created = datetime.fromisoformat((await stage.seen())["created_at"])
    await world.stop_clock(created + timedelta(minutes=30) - timedelta(microseconds=1))
    await sweep(world)
    assert await stage.status() == ("pending_payment", "pending")
    assert not await stage.is_free_again()
    await world.stop_clock(created + timedelta(minutes=30))
    await sweep(world)
    assert await stage.status() == ("expired", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED
    assert (await stage.seen())["expires_at"] is None
    assert await stage.is_free_again()


async def test_the_cron_daemon_expires_what_is_due(world: World) -> None:
    stage = await booked(world)
    await world.travel(minutes=31)
    reply = await world.cron("cleanup-bookings")
    assert reply.status == 200, reply.json
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED
    # Once more changes nothing.
    before = await world.rows("SELECT * FROM app.booking_status_history")
    await world.travel(minutes=15)
    assert (await world.cron("cleanup-bookings", method="GET")).status == 200
    assert await world.rows("SELECT * FROM app.booking_status_history") == before


async def test_whoever_comes_first_gets_a_time_that_was_not_paid(world: World) -> None:
    stage = await booked(world)
    await world.travel(minutes=31)
    ben = await world.client("Ben")
    his = await ben.books(stage.sarah, stage.starts_at, payment_method="pm_sandbox_visa")
    assert his["status"] == "awaiting_confirmation"
    assert (await stage.seen())["status"] == "expired"
    await world.work_off()
    assert (await stage.charge()).state is ChargeState.CANCELLED
    # It was not Ben who ended Anna's booking, and the record does not name him.
    history = await world.rows(
        "SELECT to_status, actor_kind, actor_id, reason FROM app.booking_status_history"
        " WHERE booking_id = $1 ORDER BY id",
        stage.id,
    )
    assert history[-1] == {
        "to_status": "expired",
        "actor_kind": "system",
        "actor_id": None,
        "reason": "not paid in time",
    }
    (entry,) = await world.rows(
        "SELECT actor, actor_id FROM app.audit_logs WHERE action = 'booking.expired'"
    )
    assert entry == {"actor": "system:bookings.expire", "actor_id": None}
    topics = await world.rows(
        "SELECT topic FROM app.outbox WHERE payload->>'booking_id' = $1", stage.id
    )
    assert {"topic": "booking.expired"} in topics


@pytest.mark.parametrize("end", ["hours", "start", "authorisation"])
async def test_an_unconfirmed_booking_ends_at_the_earliest_of_three(world: World, end: str) -> None:
    page = {"horizon_days": 30, "confirmation_hours": 5 if end == "hours" else 168}
    sarah = await world.specialist(**page)  # type: ignore[arg-type]
    starts_at = sarah.at("mon 10:00")
    if end == "start":
        await world.superuser.execute(
            "UPDATE testing.clock SET ahead = $1::timestamptz - pg_catalog.now()",
            starts_at - timedelta(hours=3),
        )
    elif end == "authorisation":
        # The provider's clock is ahead of ours by an hour less than the week we would wait.
        starts_at += timedelta(days=14)
        await world.travel(hours=1)
    anna = await world.client()
    booking = await anna.books(sarah, starts_at, payment_method="pm_sandbox_visa")
    stage = Stage(world, sarah, anna, booking["id"], starts_at)
    expires_at = datetime.fromisoformat(booking["expires_at"])
    capture_before = (await stage.charge()).capture_before
    assert capture_before is not None
    if end == "hours":
        moved = await world.value(
            "SELECT max(at) FROM app.booking_status_history WHERE to_status = $1",
            "awaiting_confirmation",
        )
        assert expires_at == moved + timedelta(hours=5)
    elif end == "start":
        assert expires_at == starts_at
    else:
        assert abs(expires_at - capture_before) < timedelta(milliseconds=1)
    await world.stop_clock(expires_at)
    await sweep(world)
    assert await stage.status() == ("expired", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED
    history = (await anna.get(f"/bookings/{stage.id}/history")).json["items"]
    assert history[-1]["reason"] == "not confirmed in time"


async def test_confirmed_bookings_do_not_expire(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at + timedelta(minutes=10))
    await sweep(world)
    assert await stage.status() == ("confirmed", "paid")


async def test_paid_at_the_last_moment_and_before_the_sweep_it_stands(world: World) -> None:
    """The hold is over, but nobody has taken the time: it is the payer's again."""
    stage = await booked(world)
    await world.travel(minutes=31)
    reply = await stage.pay("pm_sandbox_visa")
    assert (reply.status, reply.json["status"]) == (201, "awaiting_confirmation")
    await sweep(world)
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    assert not await stage.is_free_again()


async def test_authorised_after_the_end_the_money_is_released(world: World) -> None:
    """Unless the time is still free: see test_late_payment."""
    stage = await booked(world)
    await world.travel(minutes=31)
    await world.work_off("bookings.expire")
    assert await stage.is_free_again()
    # The payer's browser was faster than our void.
    await world.sandbox.present_method(await stage.reference(), "pm_sandbox_visa")
    payment = (await stage.seen())["payment"]["id"]
    reply = await stage.anna.post(f"/sandbox/payments/{payment}/action", {"succeed": True})
    assert (reply.status, reply.json["status"]) == (200, "authorized")
    assert (await stage.seen())["status"] == "expired"
    await world.work_off()
    assert await stage.status() == ("expired", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED


async def test_nothing_new_is_authorised_for_a_booking_that_has_ended(world: World) -> None:
    async with world.sandbox_away():
        stage = await booked(world, method="pm_sandbox_visa")
        assert await stage.status() == ("pending_payment", "pending")
    await world.travel(minutes=31)
    await world.work_off("bookings.expire")
    for _ in range(3):
        await world.work_off()
        await world.travel(minutes=10)
    assert await stage.status() == ("expired", "cancelled")
    assert await stage.charges() == 0
    assert await stage.operations() == [("authorize", "dead"), ("cancel", "done")]


async def test_a_charge_that_appeared_unheard_is_released_with_its_booking(world: World) -> None:
    async with world.sandbox_away():
        stage = await booked(world, method="pm_sandbox_visa")
    await _authorise_unheard(stage)
    await world.travel(minutes=31)
    await world.work_off("bookings.expire")
    for _ in range(3):
        await world.work_off()
        await world.travel(minutes=10)
    assert await stage.status() == ("expired", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED
    assert await stage.charges() == 1


async def _authorise_unheard(stage: Stage) -> None:
    """The order did arrive: only its answer was lost."""
    payment = (await stage.seen())["payment"]["id"]
    order = AuthorizeOrder(
        payment_id=payment, amount=Money(20_000, "USD"), payment_method="pm_sandbox_visa"
    )
    await stage.world.sandbox.authorize(order, idempotency_key=await stage.operation("authorize"))


async def test_claims_and_sweeps_at_once_expire_a_booking_once(world: World) -> None:
    stage = await booked(world)
    await world.travel(minutes=31)
    people = [await world.client(f"Client {number}") for number in range(5)]
    body = stage.sarah.booking(stage.starts_at)
    replies, *_ = await asyncio.gather(
        asyncio.gather(*(one.post("/bookings", body) for one in people)),
        world.work_off("bookings.expire"),
    )
    assert sorted(reply.status for reply in replies) == [201] + [409] * 4
    ends = await world.rows(
        "SELECT 1 FROM app.booking_status_history WHERE booking_id = $1 AND to_status = 'expired'",
        stage.id,
    )
    assert len(ends) == 1


async def test_an_authorisation_released_at_the_desk_ends_the_booking(world: World) -> None:
    stage = await authorised(world)
    await world.sandbox.cancel(await stage.reference(), idempotency_key="at the desk")
    payment = (await stage.seen())["payment"]["id"]
    await stage.anna.post(f"/sandbox/payments/{payment}/action", {"succeed": True})
    assert await stage.status() == ("expired", "cancelled")
    assert await stage.is_free_again()
