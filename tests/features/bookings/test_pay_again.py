"""Paying: declined, then another method on the same charge; 3-D Secure; late and absent answers."""

import pytest

from consulta.providers.payments.port import ChargeState
from tests.features.bookings.stages import Stage, authorised, booked
from tests.world import World


async def at_the_browser(stage: Stage, what: str, body: dict[str, object]) -> str:
    """What the payer's browser does with the sandbox; the payment's status afterwards."""
    payment = (await stage.seen())["payment"]["id"]
    reply = await stage.anna.post(f"/sandbox/payments/{payment}/{what}", body)
    assert reply.status == 200, reply.json
    status: str = reply.json["status"]
    return status


@pytest.mark.parametrize("method", ["pm_sandbox_declined", "pm_sandbox_insufficient_funds"])
async def test_declined_and_then_paid_on_the_same_charge(world: World, method: str) -> None:
    stage = await booked(world, method=method)
    booking = await stage.seen()
    assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")
    assert booking["payment"]["last_error"] == "card_declined"
    assert booking["payment"]["next_action"]["client_secret"]
    reference = await stage.reference()
    reply = await stage.pay("pm_sandbox_visa")
    assert (reply.status, reply.json["status"]) == (201, "awaiting_confirmation")
    assert reply.json["payment"]["status"] == "authorized"
    assert reply.json["payment"]["last_error"] is None
    assert (await stage.reference(), await stage.charges()) == (reference, 1)
    assert await stage.operations() == [("authorize", "dead"), ("authorize", "done")]


async def test_declined_in_the_browser_and_then_paid_there(world: World) -> None:
    stage = await booked(world)
    method = "payment_method"
    assert await at_the_browser(stage, "method", {method: "pm_sandbox_declined"}) == "pending"
    assert (await stage.payment())["last_error"] == "card_declined"
    assert await at_the_browser(stage, "method", {method: "pm_sandbox_visa"}) == "authorized"
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    assert await stage.charges() == 1


async def test_the_payer_confirms_by_3d_secure(world: World) -> None:
    stage = await booked(world, method="pm_sandbox_3ds")
    booking = await stage.seen()
    assert (booking["status"], booking["payment"]["status"]) == (
        "pending_payment",
        "requires_action",
    )
    assert booking["payment"]["next_action"]["kind"] == "client_secret"
    assert await at_the_browser(stage, "action", {"succeed": True}) == "authorized"
    booking = await stage.seen()
    assert booking["status"] == "awaiting_confirmation"
    assert booking["payment"]["next_action"] is None
    assert (await stage.confirm()).json["status"] == "confirmed"


async def test_3d_secure_failed_and_another_card(world: World) -> None:
    stage = await booked(world, method="pm_sandbox_3ds")
    assert await at_the_browser(stage, "action", {"succeed": False}) == "pending"
    assert (await stage.payment())["last_error"] == "authentication_failed"
    assert (await stage.pay("pm_sandbox_visa")).json["status"] == "awaiting_confirmation"
    assert await stage.charges() == 1


async def test_the_bank_takes_its_time(world: World) -> None:
    stage = await booked(world, method="pm_sandbox_late")
    assert await stage.status() == ("pending_payment", "processing")
    reply = await stage.pay("pm_sandbox_visa")
    assert (reply.status, reply.code) == (409, "PAYMENT_NOT_PENDING")
    assert await at_the_browser(stage, "action", {"succeed": True}) == "authorized"
    assert await stage.status() == ("awaiting_confirmation", "authorized")


async def test_a_provider_that_is_away_leaves_the_booking_to_the_worker(world: World) -> None:
    async with world.sandbox_away():
        stage = await authorised(world)
        booking = await stage.seen()
        assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")
        assert booking["payment"]["next_action"] is None
        assert await stage.operations() == [("authorize", "in_doubt")]
        reply = await stage.pay("pm_sandbox_visa")
        assert (reply.status, reply.code) == (409, "PAYMENT_OPERATION_UNDER_WAY")
        await world.travel(seconds=10)
        await world.work_off()
        assert await stage.status() == ("pending_payment", "pending")
    await world.travel(minutes=1)
    await world.work_off()
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    assert await stage.operations() == [("authorize", "done")]
    assert await stage.charges() == 1


async def test_the_method_that_is_never_reached_is_tried_with_growing_gaps(world: World) -> None:
    stage = await booked(world, method="pm_sandbox_unavailable")
    assert await stage.status() == ("pending_payment", "pending")
    gaps = []
    for _ in range(5):
        (row,) = await world.rows(
            "SELECT state, attempts, last_error,"
            " extract(epoch FROM next_attempt_at - app.now())::float AS gap"
            " FROM app.payment_operations"
        )
        assert (row["state"], row["last_error"]) == ("in_doubt", "PAYMENT_PROVIDER_UNAVAILABLE")
        gaps.append((row["attempts"], row["gap"]))
        await world.travel(seconds=max(0.0, row["gap"]) + 1)
        await world.work_off()
    for attempts, gap in gaps:
        assert 2**attempts / 2 - 1 <= gap <= 2**attempts


async def test_a_method_nobody_knows_leaves_the_payment_open(world: World) -> None:
    stage = await booked(world, method="pm_of_another_shop")
    booking = await stage.seen()
    assert (booking["payment"]["status"], booking["payment"]["last_error"]) == (
        "pending",
        "resource_missing",
    )
    assert (await stage.pay("pm_sandbox_visa")).json["payment"]["status"] == "authorized"


async def test_asking_without_a_method_tells_where_to_pay(world: World) -> None:
    stage = await booked(world)
    reply = await stage.pay(None)
    assert (reply.status, reply.json["status"]) == (201, "pending_payment")
    assert reply.json["payment"]["next_action"]["client_secret"]
    assert await stage.operations() == [("authorize", "done")]


async def test_without_a_charge_yet_asking_makes_one(world: World) -> None:
    stage = await booked(world, method="pm_of_another_shop")
    assert await stage.charges() == 0
    reply = await stage.pay(None)
    assert reply.json["payment"]["next_action"]["client_secret"]
    assert await stage.charges() == 1


async def test_only_the_client_pays(world: World) -> None:
    stage = await booked(world)
    reply = await stage.sarah.post(
        f"/bookings/{stage.id}/payments", {"payment_method": "pm_sandbox_visa"}
    )
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    ben, ada = await world.client("Ben"), await world.admin()
    assert (await ben.post(f"/bookings/{stage.id}/payments", {})).status == 404
    assert (await ada.post(f"/bookings/{stage.id}/payments", {})).status == 403
    payment = (await stage.seen())["payment"]["id"]
    for other in (stage.sarah, ben):
        for path, body in (("method", {"payment_method": "pm_sandbox_visa"}), ("action", {})):
            reply = await other.post(f"/sandbox/payments/{payment}/{path}", body)
            assert (reply.status, reply.code) == (404, "PAYMENT_NOT_FOUND")
    assert (await stage.charge()).state is ChargeState.PENDING


async def test_what_is_paid_or_over_is_not_paid_again(world: World) -> None:
    stage = await authorised(world)
    assert (await stage.pay("pm_sandbox_visa")).code == "BOOKING_NOT_UNPAID"
    await stage.cancel()
    assert (await stage.pay("pm_sandbox_visa")).code == "BOOKING_NOT_UNPAID"
    assert await stage.charges() == 1


async def test_the_amount_is_not_the_payers_to_say(world: World) -> None:
    stage = await booked(world)
    for more in ({"amount_minor": 1}, {"currency": "JPY"}, {"price": 0}):
        reply = await stage.anna.post(f"/bookings/{stage.id}/payments", more)
        assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
