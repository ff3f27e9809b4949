"""The provider's books held against ours, where no letter ever came: what is adopted, released,
corrected and parked; and that looking twice writes nothing.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from consulta.kernel.money import Money
from consulta.providers.payments.port import AuthorizeOrder, Charge, ChargeState
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.features.reconciliation.books import everything, findings, reconciled
from tests.world import World


async def payment_of(stage: Stage) -> str:
    return str((await stage.seen())["payment"]["id"])


async def stranger(world: World, *, payment_id: str, amount: int = 20_000, **more: Any) -> Charge:
    """A charge that the provider has and that we never made."""
    order = AuthorizeOrder(
        payment_id, Money(amount, "USD"), payment_method="pm_sandbox_visa", **more
    )
    return await world.sandbox.authorize(order, idempotency_key=str(uuid4()))


async def test_a_payer_who_paid_while_no_letter_came_waits_ten_minutes_at_most(
    world: World,
) -> None:
    stage = await booked(world)
    await world.sandbox.present_method(await stage.reference(), "pm_sandbox_visa")
    await world.travel(minutes=9)
    await world.work_off("reconciliation.read_again")
    assert await stage.status() == ("pending_payment", "pending")
    await world.travel(minutes=2)
    await world.work_off("reconciliation.read_again")
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    assert await findings(world) == [("adopt", "state_missed", "done")]


async def test_a_comparison_adopts_what_we_missed_and_a_second_one_writes_nothing(
    world: World,
) -> None:
    stage = await booked(world)
    await world.sandbox.present_method(await stage.reference(), "pm_sandbox_visa")
    said = await reconciled(world)
    assert (said["charges"], said["adopted"]) == (1, 1)
    assert await stage.status() == ("awaiting_confirmation", "authorized")

    before = await everything(world)
    said = await reconciled(world)
    assert said["charges"] == 1
    assert not any(said[what] for what in ("adopted", "voided", "corrected", "parked"))
    assert await everything(world) == before


async def test_the_looking_glass_sees_a_single_changed_row(world: World) -> None:
    """The control of what "writes nothing" rests on."""
    await booked(world)
    before = await everything(world)
    await world.superuser.execute("UPDATE app.payments SET last_error = 'x'")
    after = await everything(world)
    assert {name for name in before if before[name] != after[name]} == {"payments"}


async def test_a_refund_and_a_dispute_at_the_providers_desk_are_taken_over(world: World) -> None:
    stage = await confirmed(world)
    charge = await stage.charge()
    await world.sandbox.refund(charge.reference, Money(5_000, "USD"), idempotency_key="at the desk")
    await reconciled(world)
    assert await stage.status() == ("confirmed", "partially_refunded")
    await world.sandbox.refund(charge.reference, Money(4_000, "USD"), idempotency_key="once more")
    await reconciled(world)
    payment = await stage.payment()
    assert payment["refunded"]["amount_minor"] == 9_000
    assert await findings(world) == [
        ("adopt", "state_missed", "done"),
        ("correct", "sums_differ", "done"),
    ]
    before = await everything(world)
    await reconciled(world)
    assert await everything(world) == before


async def test_a_dispute_that_no_letter_told_of_flags_payment_and_booking(world: World) -> None:
    stage = await authorised(world, method="pm_sandbox_dispute")
    async with world.sandbox_away():  # Our call's answer, which would tell of it, is lost.
        await stage.confirm()
    charge = await stage.charge()
    await world.sandbox.capture(charge.reference, charge.amount, idempotency_key="at the desk")
    await reconciled(world)
    assert await stage.status() == ("confirmed", "paid")
    assert (await stage.seen())["payment"]["is_disputed"]


async def test_what_was_reserved_for_what_has_ended_is_released(world: World) -> None:
    """Nobody has asked for it: the operation was lost."""
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.decline()
    await world.superuser.execute("DELETE FROM app.payment_operations WHERE kind = 'cancel'")
    said = await reconciled(world)
    assert said["voided"] == 1
    assert await stage.operations() == [("authorize", "done"), ("cancel", "pending")]
    await world.work_off()
    assert await stage.status() == ("declined", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED
    assert await findings(world) == [("void", "not_released", "done")]
    before = await everything(world)
    await reconciled(world)
    assert await everything(world) == before


async def given_up(world: World) -> Stage:
    """Booked while the provider did not answer, and called off: no charge was ever seen."""
    async with world.sandbox_away():
        stage = await authorised(world)
        await stage.cancel()
    await world.travel(minutes=5)
    for _ in range(3):
        await world.work_off()
        await world.travel(minutes=5)
    assert await stage.status() == ("cancelled", "cancelled")
    assert await stage.charges() == 0
    return stage


async def test_a_charge_that_appears_after_we_gave_up_is_released(world: World) -> None:
    stage = await given_up(world)
    late = await stranger(world, payment_id=await payment_of(stage))
    assert (await reconciled(world))["voided"] == 1
    assert await stage.operations() == [
        ("authorize", "dead"),
        ("cancel", "dead"),
        ("cancel", "pending"),
    ]
    await world.work_off()
    assert (await world.sandbox.fetch(late.reference)).state is ChargeState.CANCELLED
    assert await findings(world) == [("void", "came_too_late", "done")]
    before = await everything(world)
    await reconciled(world)
    assert await everything(world) == before


async def test_money_taken_after_we_gave_up_goes_back_and_stands_in_the_books(world: World) -> None:
    stage = await given_up(world)
    late = await stranger(world, payment_id=await payment_of(stage), capture_now=True)
    await reconciled(world)
    await world.work_off()
    after = await world.sandbox.fetch(late.reference)
    assert (after.captured_minor, after.refunded_minor) == (20_000, 20_000)
    payment = await stage.payment()
    assert payment["status"] == "cancelled"
    assert payment["captured"] == payment["refunded"] == {"amount_minor": 20_000, "currency": "USD"}
    await reconciled(world)
    assert (await world.sandbox.fetch(late.reference)).refunded_minor == 20_000


async def test_a_charge_that_is_nobodys_is_parked_once(world: World) -> None:
    await stranger(world, payment_id=str(uuid4()))
    assert (await reconciled(world))["parked"] == 1
    before = await everything(world)
    await reconciled(world)
    assert await everything(world) == before
    assert await findings(world) == [("park", "unknown_charge", "open")]


async def test_another_amount_is_parked_and_never_applied(world: World) -> None:
    async with world.sandbox_away():
        stage = await authorised(world)
    await stranger(world, payment_id=await payment_of(stage), amount=1)
    await reconciled(world)
    assert await findings(world) == [("park", "amount_mismatch", "open")]
    assert await stage.status() == ("pending_payment", "pending")
    (row,) = await world.rows("SELECT facts FROM app.reconciliation_findings")
    assert '"amount_minor": 1,' in row["facts"]


async def test_a_second_charge_for_one_payment_is_parked(world: World) -> None:
    stage = await confirmed(world)
    await stranger(world, payment_id=await payment_of(stage))
    await reconciled(world)
    assert await findings(world) == [("park", "second_charge", "open")]
    assert await stage.status() == ("confirmed", "paid")


async def test_what_the_provider_has_lost_is_parked_and_ours_stays(world: World) -> None:
    stage = await confirmed(world)
    reference = await stage.reference()
    await world.superuser.execute(
        "UPDATE app.sandbox_charges"
        ' SET state = state || \'{"status": "authorized", "captured_minor": 0}\''
    )
    await reconciled(world)
    assert await findings(world) == [("park", "provider_has_less", "open")]
    await world.superuser.execute("DELETE FROM app.sandbox_charges")
    await world.travel(days=2)
    await world.work_off("reconciliation.read_again")
    assert await findings(world) == [("park", "charge_missing", "open")]
    assert await stage.status() == ("confirmed", "paid")
    assert reference == await stage.reference()


async def test_a_payment_in_hand_is_left_to_its_operation(world: World) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.decline()
    assert (await reconciled(world))["voided"] == 0
    assert await findings(world) == []


async def test_charges_are_listed_from_the_last_one_less_an_hour(world: World) -> None:
    first = await booked(world)
    await reconciled(world)
    made = (await first.charge()).created_at
    assert made is not None
    (row,) = await world.rows(
        "SELECT provider, account, read_until FROM app.reconciliation_cursors"
    )
    assert (row["provider"], row["account"], row["read_until"]) == ("sandbox", "", made)
    await world.superuser.execute(
        "UPDATE app.reconciliation_cursors SET read_until = $1", made + timedelta(minutes=59)
    )
    assert (await reconciled(world))["charges"] == 1
    await world.superuser.execute(
        "UPDATE app.reconciliation_cursors SET read_until = $1", made + timedelta(minutes=61)
    )
    assert (await reconciled(world))["charges"] == 0


async def test_a_provider_that_is_away_is_asked_again_and_the_others_go_on(world: World) -> None:
    stage = await booked(world)
    await world.sandbox.present_method(await stage.reference(), "pm_sandbox_visa")
    await world.superuser.execute("REVOKE SELECT ON app.sandbox_charges FROM consulta_worker")
    reply = await world.cron("reconcile-payments")
    assert (reply.status, reply.json["failed_count"] > 0) == (200, True)
    assert await world.rows("SELECT * FROM app.reconciliation_cursors") == []
    await world.superuser.execute("GRANT SELECT ON app.sandbox_charges TO consulta_worker")
    await world.travel(minutes=5)
    assert (await reconciled(world))["adopted"] == 1
    assert (await stage.seen())["status"] == "awaiting_confirmation"


async def test_cron_daemons_may_send_get(world: World) -> None:
    reply = await world.cron("reconcile-payments", method="GET")
    assert (reply.status, reply.json["state"]) == (200, "done")


async def test_a_truth_of_another_amount_does_not_reach_the_payment_by_a_reading(
    world: World,
) -> None:
    stage = await booked(world)
    odd = replace(await stage.charge(), amount=Money(1, "USD"))
    await world.superuser.execute(
        "UPDATE app.sandbox_charges SET state = state || '{\"amount_minor\": 1}'"
    )
    assert (await stage.charge()).amount == odd.amount
    await world.travel(minutes=11)
    await world.work_off("reconciliation.read_again")
    assert await findings(world) == [("park", "amount_mismatch", "open")]
    assert await stage.status() == ("pending_payment", "pending")
