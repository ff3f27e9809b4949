"""The specialist's yes: what was reserved is taken, and then the booking is confirmed."""

import asyncio

from consulta.providers.payments.port import ChargeState
from tests.features.bookings.stages import authorised, booked, confirmed
from tests.world import World


async def test_confirming_takes_the_money(world: World) -> None:
    stage = await authorised(world)
    reply = await stage.confirm()
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    assert (reply.json["payment"]["status"], reply.json["expires_at"]) == ("paid", None)
    charge = await stage.charge()
    assert (charge.state, charge.captured_minor) == (ChargeState.PAID, 20_000)
    assert await stage.operations() == [("authorize", "done"), ("capture", "done")]


async def test_what_is_not_authorised_cannot_be_confirmed(world: World) -> None:
    stage = await booked(world)
    reply = await stage.confirm()
    assert (reply.status, reply.code) == (409, "BOOKING_NOT_AWAITING_CONFIRMATION")


async def test_only_the_specialist_or_an_admin_confirms(world: World) -> None:
    stage = await authorised(world)
    reply = await stage.anna.post(f"/bookings/{stage.id}/confirm")
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    ada = await world.admin()
    reply = await ada.post(f"/bookings/{stage.id}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed")


async def test_a_second_confirmation_changes_nothing(world: World) -> None:
    stage = await confirmed(world)
    reply = await stage.confirm()
    assert (reply.status, reply.code) == (409, "BOOKING_NOT_AWAITING_CONFIRMATION")
    assert await stage.operations() == [("authorize", "done"), ("capture", "done")]


async def test_two_confirmations_at_once_take_the_money_once(world: World) -> None:
    stage = await authorised(world)
    replies = await asyncio.gather(*(stage.confirm() for _ in range(6)))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 5
    assert (await stage.charge()).captured_minor == 20_000
    assert [kind for kind, _ in await stage.operations()] == ["authorize", "capture"]


async def test_once_begun_it_is_too_late_to_confirm(world: World) -> None:
    # The deadline is the start itself, so nothing but the sweep stands between the two.
    stage = await authorised(world, confirmation_hours=168)
    await world.stop_clock(stage.starts_at)
    reply = await stage.confirm()
    assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")
    assert (await stage.charge()).state is ChargeState.AUTHORIZED


async def test_a_capture_in_doubt_is_accepted_and_not_yet_confirmed(world: World) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        reply = await stage.confirm(key="the-yes")
        assert (reply.status, reply.json["status"]) == (202, "awaiting_confirmation")
        assert await stage.operations() == [("authorize", "done"), ("capture", "in_doubt")]
        again = await stage.confirm(key="the-yes")
        assert (again.status, again.content) == (202, reply.content)
    await world.travel(minutes=1)
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")


async def test_everything_waits_for_a_capture_in_doubt(world: World) -> None:
    stage = await authorised(world, confirmation_hours=1)
    async with world.sandbox_away():
        assert (await stage.confirm()).status == 202
        for act in (stage.confirm, stage.decline, stage.cancel):
            reply = await act()
            assert (reply.status, reply.code) == (409, "PAYMENT_OPERATION_UNDER_WAY")
        await world.travel(hours=2)
        await world.work_off("bookings.expire")
        assert await stage.status() == ("awaiting_confirmation", "authorized")
        assert not await stage.is_free_again()
        await world.work_off()
    await world.travel(minutes=10)
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")
    assert (await stage.charge()).captured_minor == 20_000


async def test_a_capture_that_happened_unheard_is_found_and_not_repeated(world: World) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        assert (await stage.confirm()).status == 202
    # It did arrive: only the answer was lost.
    key, truth = await stage.operation("capture"), await stage.charge()
    await world.sandbox.capture(truth.reference, truth.amount, idempotency_key=key)
    await world.travel(minutes=1)
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")
    assert await stage.operations() == [("authorize", "done"), ("capture", "done")]


async def test_an_old_capture_in_doubt_is_resolved_by_reading(world: World) -> None:
    stage = await authorised(world, confirmation_hours=168)
    async with world.sandbox_away():
        assert (await stage.confirm()).status == 202
    key, truth = await stage.operation("capture"), await stage.charge()
    await world.sandbox.capture(truth.reference, truth.amount, idempotency_key=key)
    await world.travel(hours=21)  # The provider may have forgotten the key by now.
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")
    assert await stage.operations() == [("authorize", "done"), ("capture", "done")]


async def test_an_old_capture_that_never_happened_gets_a_new_key(world: World) -> None:
    stage = await authorised(world, confirmation_hours=168)
    async with world.sandbox_away():
        assert (await stage.confirm()).status == 202
    first = await stage.operation("capture")
    await world.travel(hours=21)
    await world.work_off()
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")
    assert await stage.operations() == [
        ("authorize", "done"),
        ("capture", "dead"),
        ("capture", "done"),
    ]
    replaced = await world.rows(
        "SELECT replaces FROM app.payment_operations WHERE replaces IS NOT NULL"
    )
    assert [str(row["replaces"]) for row in replaced] == [first]


async def test_an_authorisation_that_is_gone_ends_the_booking(world: World) -> None:
    stage = await authorised(world)
    await world.sandbox.cancel(await stage.reference(), idempotency_key="at the desk")
    reply = await stage.confirm(key="the-yes")
    assert (reply.status, reply.code) == (402, "PAYMENT_REFUSED")
    assert await stage.status() == ("expired", "cancelled")
    assert await stage.is_free_again()


async def test_a_refused_capture_is_refused_again_under_its_key(world: World) -> None:
    stage = await authorised(world)
    await world.sandbox.cancel(await stage.reference(), idempotency_key="at the desk")
    reply = await stage.confirm(key="the-yes")
    again = await stage.confirm(key="the-yes")
    assert (again.status, again.content) == (402, reply.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == reply.headers["content-type"]


async def test_bookings_that_confirm_themselves_are_paid_at_once(world: World) -> None:
    stage = await authorised(world, auto_confirm=True)
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")
    assert (await stage.charge()).captured_minor == 20_000


async def test_the_payer_disputes(world: World) -> None:
    stage = await confirmed(world, method="pm_sandbox_dispute")
    payment = await stage.payment()
    assert (payment["status"], payment["is_disputed"]) == ("paid", True)
    assert (await stage.seen())["status"] == "confirmed"
    assert (await stage.seen())["payment"]["is_disputed"] is True


async def test_a_confirmation_is_on_the_record(world: World) -> None:
    stage = await confirmed(world)
    entries = await world.rows(
        "SELECT actor, actor_id, action FROM app.audit_logs WHERE action IN"
        " ('payment.capture_requested', 'booking.confirmed') ORDER BY id"
    )
    assert [(row["action"], row["actor"], row["actor_id"]) for row in entries] == [
        ("payment.capture_requested", "specialist", stage.sarah.id),
        ("booking.confirmed", "system:payments.record", None),
    ]
    topics = await world.rows("SELECT topic FROM app.outbox ORDER BY xid, id")
    assert [row["topic"] for row in topics] == [
        "booking.requested",
        "booking.awaiting_confirmation",
        "booking.confirmed",
    ]
