"""When a saved card is charged, and how long a session waits whose card did not pay."""

from datetime import datetime, timedelta

from consulta.features.saved_methods import queries, service
from consulta.features.saved_methods.rules import SET_UP_PATIENCE
from consulta.kernel.actor import Actor
from tests.features.saved_methods.cards import (
    ROUND_THE_CLOCK,
    VISA,
    next_hour,
    presents,
    saved,
    series_at,
    session,
    standing,
    worker_runs,
)
from tests.world import World

_TOLD = "SELECT count(*) FROM app.outbox WHERE topic = 'payment.saved_card_refused'"
_HELD = (
    "SELECT s.held_until FROM app.slots s JOIN app.bookings b ON b.slot_id = s.id"
    " WHERE b.status = 'pending_payment'"
)


async def test_a_near_session_waits_for_the_card_and_then_for_another_way(world: World) -> None:
    """Twenty hours ahead: half an hour for the card, twelve hours to pay otherwise; and whoever
    finishes the card in that time is charged after all.
    """
    sarah = await world.specialist(open=ROUND_THE_CLOCK, auto_confirm=True)
    anna = await world.client()
    starts_at = await next_hour(world, hours=20)
    series = await series_at(world, anna, sarah, starts_at)
    await worker_runs(world)
    assert standing(await session(anna, series)) == ("pending_payment", "pending", None)

    await world.travel(minutes=29)
    await worker_runs(world)
    assert await world.value(_TOLD) == 0
    await world.travel(minutes=1)
    await worker_runs(world)
    refused = await session(anna, series)
    assert standing(refused) == ("pending_payment", "pending", "saved_method_not_ready")
    now = await world.value("SELECT app.now()")
    held_until = datetime.fromisoformat(refused["expires_at"])
    assert timedelta(hours=11, minutes=59) < held_until - now <= timedelta(hours=12)
    assert await world.value(_HELD) == held_until
    assert await world.value(_TOLD) == 1

    await worker_runs(world)
    assert (await presents(anna, series["saved_method"])).json["status"] == "ready"
    await worker_runs(world)
    assert standing(await session(anna, series)) == ("confirmed", "paid", None)
    assert await world.value(_TOLD) == 1


async def test_a_saved_card_is_found_though_its_letter_was_lost(world: World) -> None:
    sarah = await world.specialist(open=ROUND_THE_CLOCK, auto_confirm=True)
    anna = await world.client()
    series = await series_at(world, anna, sarah, await next_hour(world, hours=30))
    reference = await world.value("SELECT setup_reference FROM app.saved_methods")
    await world.sandbox.present_to_save(reference, VISA)
    await world.travel(minutes=30)
    await worker_runs(world)
    assert standing(await session(anna, series)) == ("confirmed", "paid", None)


async def test_time_to_pay_otherwise_ends_with_the_start(world: World) -> None:
    sarah = await world.specialist(open=ROUND_THE_CLOCK, auto_confirm=True)
    anna = await world.client()
    card = await saved(anna, sarah, "pm_sandbox_insufficient_funds")
    starts_at = await next_hour(world, hours=2)
    series = await series_at(world, anna, sarah, starts_at, saved_method_id=card["id"])
    await worker_runs(world)
    refused = await session(anna, series)
    assert standing(refused) == ("pending_payment", "pending", "card_declined")
    assert datetime.fromisoformat(refused["expires_at"]) == starts_at
    reply = await anna.post(f"/bookings/{refused['id']}/payments", {"payment_method": VISA})
    assert reply.status == 201, reply.json
    await worker_runs(world)
    assert standing(await session(anna, series)) == ("confirmed", "paid", None)


async def test_who_begins_to_pay_otherwise_is_not_charged_by_the_card(world: World) -> None:
    sarah = await world.specialist(open=ROUND_THE_CLOCK)
    anna = await world.client()
    card = await saved(anna, sarah)
    starts_at = await next_hour(world, days=6)
    series = await series_at(world, anna, sarah, starts_at, saved_method_id=card["id"])
    path = f"/bookings/{(await session(anna, series))['id']}/payments"
    reply = await anna.post(path, {})
    assert (reply.status, reply.json["payment"]["next_action"]["kind"]) == (201, "client_secret")
    await world.travel(days=3)
    await worker_runs(world)
    assert standing(await session(anna, series)) == ("pending_payment", "pending", None)
    reply = await anna.post(path, {"payment_method": VISA})
    assert (reply.status, reply.json["status"]) == (201, "awaiting_confirmation")
    assert await world.value("SELECT count(*) FROM app.sandbox_charges") == 2, "card and charge"


async def test_a_card_that_becomes_ready_while_its_client_pays_otherwise_is_not_charged(
    world: World,
) -> None:
    """The reply to the other way is lost, then the card is finished, then both workers run."""
    sarah = await world.specialist(open=ROUND_THE_CLOCK, auto_confirm=True)
    anna = await world.client()
    series = await series_at(world, anna, sarah, await next_hour(world, hours=20))
    await world.travel(minutes=30)
    await worker_runs(world)
    booking = await session(anna, series)
    assert standing(booking)[2] == "saved_method_not_ready"
    async with world.sandbox_away():
        reply = await anna.post(f"/bookings/{booking['id']}/payments", {})
        assert reply.status == 201, reply.json
    assert (await presents(anna, series["saved_method"])).json["status"] == "ready"
    await world.travel(minutes=5)
    await world.work_off("payments.operations")
    await worker_runs(world)
    assert standing(await session(anna, series)) == ("pending_payment", "pending", None)
    asked = "SELECT count(*) FROM app.payment_operations WHERE kind = 'authorize'"
    assert await world.value(asked) == 1


async def test_a_card_that_becomes_ready_late_waits_for_a_session_that_was_moved(
    world: World,
) -> None:
    sarah = await world.specialist(open=ROUND_THE_CLOCK, auto_confirm=True)
    anna = await world.client()
    starts_at = await next_hour(world, hours=20)
    series = await series_at(world, anna, sarah, starts_at)
    await world.travel(minutes=30)
    await worker_runs(world)
    booking = await session(anna, series)
    later = starts_at + timedelta(days=10)
    path = f"/bookings/{booking['id']}/reschedule"
    assert (await anna.post(path, {"starts_at": later.isoformat()})).status == 200
    assert (await presents(anna, series["saved_method"])).json["status"] == "ready"
    await worker_runs(world)
    assert await world.value("SELECT authorize_from FROM app.payments") == later - timedelta(days=4)


async def test_a_session_that_moves_is_charged_before_its_new_start(world: World) -> None:
    sarah = await world.specialist(open=ROUND_THE_CLOCK, auto_confirm=True)
    anna = await world.client()
    card = await saved(anna, sarah)
    starts_at = await next_hour(world, days=5)
    series = await series_at(world, anna, sarah, starts_at, saved_method_id=card["id"])
    booking = await session(anna, series)
    later = starts_at + timedelta(days=10)
    path = f"/bookings/{booking['id']}/reschedule"
    reply = await anna.post(path, {"starts_at": later.isoformat()})
    assert reply.status == 200, reply.json
    assert datetime.fromisoformat(reply.json["expires_at"]) == later - timedelta(days=1)
    await world.travel(days=10, hours=23)
    await worker_runs(world)
    assert (await session(anna, series))["status"] == "pending_payment"
    await world.travel(hours=2)
    await worker_runs(world)
    assert standing(await session(anna, series)) == ("confirmed", "paid", None)


async def test_a_session_that_was_called_off_is_never_charged(world: World) -> None:
    sarah = await world.specialist(open=ROUND_THE_CLOCK)
    anna = await world.client()
    card = await saved(anna, sarah)
    near = await next_hour(world, hours=30)
    series = await series_at(world, anna, sarah, near, saved_method_id=card["id"])
    async with world.sandbox_away():
        await world.work_off("saved_methods.charge", "payments.operations")
        booking = await session(anna, series)
        reply = await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "Ill."})
        assert reply.status == 200, reply.json
    for _ in range(4):
        await world.travel(minutes=20)
        await worker_runs(world)
    assert standing(await session(anna, series))[:2] == ("cancelled", "cancelled")
    assert (
        await world.rows(
            "SELECT 1 FROM app.sandbox_charges WHERE state ->> 'status' = 'authorized'"
        )
        == []
    )


async def test_a_replica_that_comes_late_does_not_ask_a_refused_card_again(world: World) -> None:
    sarah = await world.specialist(open=ROUND_THE_CLOCK)
    anna = await world.client()
    card = await saved(anna, sarah, "pm_sandbox_insufficient_funds")
    starts_at = await next_hour(world, hours=30)
    await series_at(world, anna, sarah, starts_at, saved_method_id=card["id"])
    database, worker = world.app.state.database, Actor.system("test")
    async with database.read(worker) as work:
        [due] = await queries.payments_due(work, patience=SET_UP_PATIENCE, limit=5)
    await worker_runs(world)
    async with database.work(worker) as work:
        await service.charge(work, payment_id=due)
    await worker_runs(world)
    asked = "SELECT count(*) FROM app.payment_operations WHERE kind = 'authorize'"
    assert (await world.value(asked), await world.value(_TOLD)) == (1, 1)
