"""Calling a booking off, and the money that goes back."""

import asyncio
import json
from datetime import timedelta

import pytest

from consulta.features.payments import flows
from consulta.providers.payments.port import ChargeState
from tests.features.bookings.stages import authorised, booked, confirmed
from tests.world import World

MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


async def test_cancelling_what_is_unpaid_gives_the_charge_up(world: World) -> None:
    stage = await booked(world)
    reply = await stage.cancel({"reason": "Changed my mind.", "reason_code": "no_longer_needed"})
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    assert (reply.json["payment"]["status"], reply.json["expires_at"]) == ("cancelled", None)
    assert reply.json["payment"]["next_action"] is None
    assert (await stage.charge()).state is ChargeState.CANCELLED
    assert await stage.is_free_again()


async def test_cancelling_before_the_confirmation_releases_everything(world: World) -> None:
    stage = await authorised(world, policy="no_refund")
    await world.stop_clock(stage.starts_at - MOMENT)
    reply = await stage.cancel()
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    charge = await stage.charge()
    assert (charge.state, charge.captured_minor) == (ChargeState.CANCELLED, 0)
    (record,) = await world.rows("SELECT * FROM app.booking_cancellations")
    assert (record["cancellation_policy_applied"], record["refund_minor"]) == ("no_refund", 0)


async def test_both_parties_read_the_record_with_the_booking(world: World) -> None:
    stage = await confirmed(world, policy="standard", price=20_001)
    assert (await stage.seen())["cancellation"] is None
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    reply = await stage.cancel({"reason": "A cold.", "reason_code": "illness"})
    record = {
        "cancelled_by": "client",
        "reason": "A cold.",
        "reason_code": "illness",
        "policy_applied": "standard",
        "refund_percent": 50,
        "refund": {"amount_minor": 10_001, "currency": "USD"},
        "credit_returned": False,
        "at": f"{stage.starts_at - 3 * HOUR:%Y-%m-%dT%H:%M:%SZ}",
    }
    assert reply.json["cancellation"] == record
    for reader in (stage.anna, stage.sarah, await world.admin()):
        assert (await reader.get(f"/bookings/{stage.id}")).json["cancellation"] == record
    (listed,) = (await stage.sarah.get("/bookings")).json["items"]
    assert listed["cancellation"] == record


async def test_the_amount_is_said_while_the_money_is_still_on_its_way(world: World) -> None:
    stage = await confirmed(world)
    async with world.sandbox_away():
        reply = await stage.cancel()
    assert reply.json["payment"]["refunded"]["amount_minor"] == 0
    assert reply.json["cancellation"]["refund"]["amount_minor"] == 20_000


async def test_what_expired_was_called_off_by_nobody(world: World) -> None:
    stage = await booked(world)
    await world.travel(hours=1)
    await world.work_off("bookings.expire")
    seen = await stage.seen()
    assert (seen["status"], seen["cancellation"]) == ("expired", None)


async def test_the_tiers_stand_in_the_booking_whatever_the_page_says_later(world: World) -> None:
    stage = await authorised(world, policy="strict")
    await stage.sarah.patch("/specialists/me", {"cancellation_policy": "no_refund"})
    seen = await stage.seen()
    assert seen["cancellation_policy"] == "strict"
    assert seen["cancellation_tiers"] == [
        {"hours_before": 48, "refund_percent": 100},
        {"hours_before": 24, "refund_percent": 50},
    ]


@pytest.mark.parametrize(
    ("policy", "before", "percent"),
    [
        ("standard", 72 * HOUR, 100),
        ("standard", 24 * HOUR, 100),
        ("standard", 24 * HOUR - MOMENT, 50),
        ("standard", 2 * HOUR, 50),
        ("standard", 2 * HOUR - MOMENT, 0),
        ("standard", MOMENT, 0),
        ("flexible", 2 * HOUR, 100),
        ("flexible", 2 * HOUR - MOMENT, 0),
        ("strict", 48 * HOUR, 100),
        ("strict", 48 * HOUR - MOMENT, 50),
        ("strict", 24 * HOUR - MOMENT, 0),
        ("no_refund", 500 * HOUR, 0),
    ],
)
async def test_the_tier_decides_what_goes_back(
    world: World, policy: str, before: timedelta, percent: int
) -> None:
    stage = await confirmed(world, policy=policy, price=20_001)
    await world.stop_clock(stage.starts_at - before)
    reply = await stage.cancel()
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    due = {100: 20_001, 50: 10_001, 0: 0}[percent]  # Half up, to the cent.
    assert reply.json["payment"]["refunded"] == {"amount_minor": due, "currency": "USD"}
    status = {100: "refunded", 50: "partially_refunded", 0: "paid"}[percent]
    assert await stage.status() == ("cancelled", status)
    assert (await stage.charge()).refunded_minor == due
    (record,) = await world.rows("SELECT * FROM app.booking_cancellations")
    assert (record["cancellation_policy_applied"], record["refund_minor"]) == (policy, due)


async def test_custom_tiers_apply_whatever_their_order(world: World) -> None:
    sarah = await world.specialist()
    tiers = [{"hours_before": 1, "refund_percent": 10}, {"hours_before": 10, "refund_percent": 75}]
    await world.superuser.execute(
        "UPDATE app.specialists SET cancellation_policy = 'custom', cancellation_tiers = $1",
        json.dumps(tiers),
    )
    stage = await confirmed(world, sarah=sarah)
    await world.stop_clock(stage.starts_at - 5 * HOUR)
    await stage.cancel()
    assert (await stage.charge()).refunded_minor == 2_000


async def test_a_specialist_or_an_admin_who_cancels_returns_everything(world: World) -> None:
    ada = await world.admin()
    for person in ("sarah", "ada"):
        stage = await confirmed(world, sarah=await world.specialist(policy="no_refund"))
        who = stage.sarah if person == "sarah" else ada
        reply = await who.post(f"/bookings/{stage.id}/cancel", {"reason": "Ill."})
        assert (reply.status, reply.json["status"]) == (200, "cancelled"), reply.json
        assert await stage.status() == ("cancelled", "refunded")
        assert (await stage.charge()).refunded_minor == 20_000
        assert reply.json["payment"]["next_action"] is None


async def test_what_the_gateway_returned_counts_towards_what_is_due(world: World) -> None:
    stage = await confirmed(world)
    charge = await stage.charge()
    half = charge.amount.share(50)
    await world.sandbox.refund(charge.reference, half, idempotency_key="at the desk")
    payment = (await stage.seen())["payment"]["id"]
    await flows.refresh(world.app.state.till, payment)
    assert await stage.status() == ("confirmed", "partially_refunded")
    await stage.cancel()
    assert (await stage.charge()).refunded_minor == 20_000
    assert await stage.status() == ("cancelled", "refunded")


@pytest.mark.parametrize("returned_there_minor", [0, 5_000, 20_000])
async def test_what_was_taken_after_the_end_goes_back_but_for_what_went_back_already(
    world: World, returned_there_minor: int
) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.cancel()
    # Before the release gets through, somebody takes the money at the provider's own desk, and
    # returns some of it there.
    charge = await stage.charge()
    await world.sandbox.capture(charge.reference, charge.amount, idempotency_key="taken")
    if returned_there_minor:
        part = type(charge.amount)(returned_there_minor, "USD")
        await world.sandbox.refund(charge.reference, part, idempotency_key="returned")

    for _ in range(2):
        await world.travel(minutes=2)
        await world.work_off()

    assert (await stage.charge()).refunded_minor == 20_000
    assert await stage.status() == ("cancelled", "refunded")


async def test_once_begun_it_cannot_be_cancelled(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    for who in (stage.anna, stage.sarah, await world.admin()):
        reply = await who.post(f"/bookings/{stage.id}/cancel")
        assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")
    assert await stage.status() == ("confirmed", "paid")


async def test_what_is_over_cannot_be_cancelled(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    await stage.sarah.post(f"/bookings/{stage.id}/complete")
    assert (await stage.cancel()).code == "BOOKING_IN_PAST"


async def test_nothing_is_cancelled_twice(world: World) -> None:
    stage = await confirmed(world)
    replies = await asyncio.gather(*(stage.cancel() for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 4
    assert {reply.code for reply in replies} == {None, "ALREADY_CANCELLED"}
    assert (await stage.charge()).refunded_minor == 20_000
    assert await world.value("SELECT count(*) FROM app.booking_cancellations") == 1


async def test_many_may_try_again_after_a_cancellation_and_one_gets_it(world: World) -> None:
    stage = await booked(world)
    await stage.cancel()
    people = [await world.client(f"Client {number}") for number in range(15)]
    body = stage.sarah.booking(stage.starts_at)
    replies = await asyncio.gather(*(one.post("/bookings", body) for one in people))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 14


async def test_a_refund_in_doubt_is_made_when_the_provider_is_back(world: World) -> None:
    stage = await confirmed(world)
    async with world.sandbox_away():
        reply = await stage.cancel()
        assert (reply.status, reply.json["status"]) == (200, "cancelled")
        assert reply.json["payment"]["status"] == "paid"
    await world.travel(minutes=1)
    await world.work_off()
    assert await stage.status() == ("cancelled", "refunded")
    assert (await stage.charge()).refunded_minor == 20_000


@pytest.mark.parametrize("happened", [True, False])
async def test_an_old_refund_in_doubt_is_made_once(world: World, happened: bool) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at - 5 * HOUR)  # Half of it goes back.
    async with world.sandbox_away():
        await stage.cancel()
    if happened:
        charge = await stage.charge()
        key = await stage.operation("refund")
        await world.sandbox.refund(charge.reference, charge.amount.share(50), idempotency_key=key)
    await world.stop_clock(stage.starts_at + 20 * HOUR)  # The key is too old to be sent again.
    for _ in range(3):
        await world.work_off()
    assert (await stage.charge()).refunded_minor == 10_000
    assert await stage.status() == ("cancelled", "partially_refunded")
    assert (await stage.operations())[-1] == ("refund", "done")


async def test_the_record_says_who_and_why_and_stays(world: World) -> None:
    stage = await confirmed(world)
    await stage.cancel({"reason": "Fever.", "reason_code": "illness"})
    (record,) = await world.rows("SELECT * FROM app.booking_cancellations")
    assert (record["cancelled_by"], record["cancelled_by_kind"]) == (stage.anna.id, "client")
    assert (record["reason"], record["reason_code"]) == ("Fever.", "illness")
    history = (await stage.anna.get(f"/bookings/{stage.id}/history")).json["items"]
    assert (history[-1]["to_status"], history[-1]["reason"]) == ("cancelled", "Fever.")
    assert history[-1]["actor_kind"] == "client"


@pytest.mark.parametrize(
    "body",
    [{"reason_code": "boredom"}, {"reason": "x" * 1001}, {"refund": 20_000}, {"reason": "a\x00"}],
)
async def test_a_reason_fits_the_contract(world: World, body: dict[str, object]) -> None:
    stage = await booked(world)
    reply = await stage.cancel(body)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert await stage.status() == ("pending_payment", "pending")
