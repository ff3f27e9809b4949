"""The provider's truth, applied to a payment: what moves, what is ignored, who hears of it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from consulta.features.payments import flows, queries, service
from consulta.features.payments.errors import AmountMismatch
from consulta.kernel.money import Money
from consulta.providers.payments.port import Charge, ChargeState, NextAction
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import World

USD = Money(20_000, "USD")


async def payment_id(stage: Stage) -> UUID:
    return UUID((await stage.seen())["payment"]["id"])


async def applied(stage: Stage, truth: Charge) -> str:
    """The payment's status after that truth."""
    async with stage.world.app.state.till.recording() as work:
        payment = await queries.payment_for_update(work, await payment_id(stage))
        assert payment is not None
        return await service.apply(work, payment, truth)


async def told(stage: Stage, state: ChargeState, **sums: Any) -> Charge:
    return Charge(await stage.reference(), state, USD, **sums)


async def test_until_authorised_states_alternate(world: World) -> None:
    stage = await booked(world)
    for state in (
        ChargeState.REQUIRES_ACTION,
        ChargeState.PENDING,
        ChargeState.PROCESSING,
        ChargeState.PENDING,
        ChargeState.REQUIRES_ACTION,
    ):
        assert await applied(stage, await told(stage, state)) == state.value
    assert (await stage.seen())["status"] == "pending_payment"


async def test_a_decline_leaves_a_reason_and_not_a_failure(world: World) -> None:
    stage = await booked(world)
    truth = replace(await told(stage, ChargeState.PENDING), error_code="card_declined")
    assert await applied(stage, truth) == "pending"
    assert (await stage.payment())["last_error"] == "card_declined"
    assert await stage.status() == ("pending_payment", "pending")


async def test_letters_that_were_lost_are_made_up_for(world: World) -> None:
    """Paid and half returned, and nobody had told us of anything."""
    stage = await booked(world)
    truth = await told(
        stage,
        ChargeState.PAID,
        authorized_minor=20_000,
        captured_minor=20_000,
        refunded_minor=10_000,
    )
    assert await applied(stage, truth) == "partially_refunded"
    assert await stage.status() == ("confirmed", "partially_refunded")
    payment = await stage.payment()
    assert payment["captured"]["amount_minor"] == 20_000
    assert payment["refunded"]["amount_minor"] == 10_000
    topics = await world.rows("SELECT topic FROM app.outbox ORDER BY xid, id")
    assert topics[-1] == {"topic": "booking.confirmed"}


async def test_an_old_letter_changes_nothing(world: World) -> None:
    stage = await confirmed(world)
    before = await stage.payment()
    for state in (ChargeState.AUTHORIZED, ChargeState.PENDING, ChargeState.CANCELLED):
        assert await applied(stage, await told(stage, state)) == "paid"
    assert await stage.payment() == before
    assert (await stage.seen())["status"] == "confirmed"
    ignored = await world.rows(
        "SELECT status FROM app.audit_logs WHERE action = 'payment.truth_ignored'"
    )
    assert [row["status"] for row in ignored] == ["failure"] * 3


async def test_sums_never_shrink(world: World) -> None:
    stage = await confirmed(world)
    much = await told(stage, ChargeState.PAID, captured_minor=20_000, refunded_minor=9_000)
    little = await told(stage, ChargeState.PAID, captured_minor=20_000, refunded_minor=5_000)
    await applied(stage, much)
    assert await applied(stage, little) == "partially_refunded"
    assert (await stage.payment())["refunded"]["amount_minor"] == 9_000


async def test_the_same_truth_twice_is_told_once(world: World) -> None:
    stage = await authorised(world)
    truth = await stage.charge()
    messages = await world.value("SELECT count(*) FROM app.outbox")
    entries = await world.value("SELECT count(*) FROM app.audit_logs")
    for _ in range(3):
        assert await applied(stage, truth) == "authorized"
    assert await world.value("SELECT count(*) FROM app.outbox") == messages
    assert await world.value("SELECT count(*) FROM app.audit_logs") == entries


@pytest.mark.parametrize("amount", [Money(1, "USD"), Money(20_000, "EUR")])
async def test_a_truth_about_another_amount_is_never_applied(world: World, amount: Money) -> None:
    stage = await booked(world)
    before = await world.rows("SELECT * FROM app.payments")
    truth = replace(await told(stage, ChargeState.AUTHORIZED), amount=amount)
    with pytest.raises(AmountMismatch):
        await applied(stage, truth)
    assert await world.rows("SELECT * FROM app.payments") == before
    assert await stage.status() == ("pending_payment", "pending")


async def test_an_operation_whose_charge_is_about_another_amount_is_parked(world: World) -> None:
    """And those behind it are not held up by it."""
    async with world.sandbox_away():
        odd = await booked(world, method="pm_sandbox_visa")
        good = await booked(world, method="pm_sandbox_visa", when="tue 10:00", sarah=odd.sarah)
    till = world.app.state.till
    await world.travel(minutes=1)
    leases = {str(one.payment_id): one for one in await flows.due_operations(till, limit=9)}
    lease = leases[str(await payment_id(odd))]
    stranger = Charge("sb_of_another", ChargeState.AUTHORIZED, Money(1, "USD"))
    async with till.recording() as work:
        await flows.write_down(work, lease, flows.Answer(stranger))
    assert await odd.operations() == [("authorize", "dead")]
    assert await odd.status() == ("pending_payment", "pending")
    (entry,) = await world.rows(
        "SELECT status, new_values FROM app.audit_logs WHERE action = 'payment.operation_parked'"
    )
    assert entry["status"] == "failure"
    assert "PAYMENT_AMOUNT_MISMATCH" in entry["new_values"]
    await world.travel(minutes=1)
    await world.work_off()
    assert await good.status() == ("awaiting_confirmation", "authorized")


async def test_money_taken_for_what_has_ended_goes_back(world: World) -> None:
    """Our void came too late: somebody captured at the provider's own desk."""
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.decline()
    charge = await stage.charge()
    await world.sandbox.capture(charge.reference, charge.amount, idempotency_key="at the desk")
    for _ in range(2):
        await world.travel(minutes=1)
        await world.work_off()
    assert await stage.status() == ("declined", "refunded")
    assert (await stage.charge()).refunded_minor == 20_000
    assert await stage.operations() == [
        ("authorize", "done"),
        ("cancel", "dead"),
        ("refund", "done"),
    ]


async def test_what_the_payer_has_to_do_is_told_only_while_it_has_to_be_done(world: World) -> None:
    stage = await booked(world)
    action = NextAction("redirect", url="https://bank.example/3ds")
    waits = replace(await told(stage, ChargeState.REQUIRES_ACTION), next_action=action)
    await applied(stage, waits)
    assert (await stage.payment())["next_action"] == {
        "kind": "redirect",
        "url": "https://bank.example/3ds",
    }
    done = replace(await told(stage, ChargeState.AUTHORIZED), authorized_minor=20_000)
    await applied(stage, replace(done, next_action=action))
    assert (await stage.payment())["next_action"] is None


async def test_a_dispute_is_a_flag_and_stays(world: World) -> None:
    stage = await confirmed(world)
    disputed = await told(stage, ChargeState.PAID, captured_minor=20_000, disputed=True)
    await applied(stage, disputed)
    await applied(stage, replace(disputed, disputed=False))
    payment = await stage.payment()
    assert (payment["status"], payment["is_disputed"]) == ("paid", True)


async def test_who_is_given_up_is_given_up_once(world: World) -> None:
    stage = await booked(world)
    async with world.app.state.till.recording() as work:
        payment = await queries.payment_for_update(work, await payment_id(stage))
        assert payment is not None
        await service.give_up(work, payment)
    assert await stage.status() == ("expired", "cancelled")
    history = await world.rows("SELECT * FROM app.booking_status_history")
    async with world.app.state.till.recording() as work:
        payment = await queries.payment_for_update(work, payment.id)
        assert payment is not None
        await service.give_up(work, payment)
    assert await world.rows("SELECT * FROM app.booking_status_history") == history
