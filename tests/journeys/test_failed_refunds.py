"""Refunds that the bank sends back, days after they were accepted: by letters in any order, or by
reading alone, the money is with us again exactly once, and may go back once more.
"""

from functools import partial
from random import Random
from typing import Any

import asyncpg
import pytest

from consulta.kernel.money import Money
from tests.features.bookings.stages import confirmed
from tests.features.reconciliation.books import everything, findings, reconciled
from tests.journeys.desk import read
from tests.journeys.test_disputes import flaws, movements, paid_at_stripe
from tests.journeys.test_letters_in_any_order import some_letters
from tests.world.hosted import RazorpayWorld
from tests.world.stripe import StripeWorld
from tests.world.world import World

CARD = "lost_or_stolen_card"


async def refunded(by: Any, payment: str, **body: Any) -> Any:
    reply = await by.post(f"/payments/{payment}/refunds", body)
    assert reply.status == 201, reply.json
    return reply.json


def fails(bank: StripeWorld, number: int = -1) -> None:
    refunds = list(bank.fake.control.objects("refund"))
    bank.fake.control.settle_refund(sorted(refunds, key=lambda one: one["amount"])[number]["id"],
                                    succeed=False)  # fmt: skip


async def letters(world: World) -> list[str]:
    rows = await world.rows("SELECT payload FROM app.outbox WHERE topic = 'payment.refund_failed'")
    return [row["payload"] for row in rows]


async def sums(anna: Any, payment: str) -> tuple[str, int]:
    seen = (await anna.get(f"/payments/{payment}")).json
    return seen["status"], seen["refunded"]["amount_minor"]


async def books_are_reversed(sarah: Any, anna: Any, booking: Any) -> None:
    """The entries and papers of 15,000 and then 5,000 that came back."""
    held = await movements(sarah)
    assert held[-4:] == [
        ("refund_failed", "gateway", 15_000),
        ("refund_failed", "specialist", -15_000),
        ("refund_failed", "gateway", 5_000),
        ("refund_failed", "specialist", -5_000),
    ]
    assert sum(amount for kind, _, amount in held if kind == "refund_failed") == 0
    papers = await anna.sees(f"/bookings/{booking['id']}/receipts")
    assert sorted((one["kind"], one["amount"]["amount_minor"]) for one in papers) == [
        ("credit_note", 5_000),
        ("credit_note", 15_000),
        ("receipt", 20_000),
        ("reversal", 5_000),
        ("reversal", 15_000),
    ]
    reversal = next(one for one in papers if one["kind"] == "reversal")
    page = await anna.get(f"/receipts/{reversal['id']}/html")
    assert "Reversal" in page.content.decode()


@pytest.mark.parametrize("told", [True, False], ids=["letters", "reading"])
async def test_a_refund_that_fails_at_the_bank_is_owed_again(bank: StripeWorld, told: bool) -> None:
    sarah, anna, booking, _ = await paid_at_stripe(bank)
    payment, ada = booking["payment"]["id"], await bank.world.admin()
    small = await refunded(sarah, payment, amount_minor=5_000)
    whole = await refunded(sarah, payment)
    assert (small["payment"]["status"], whole["payment"]["status"]) == (
        "partially_refunded",
        "refunded",
    )
    await bank.letters_arrive()
    await bank.world.travel(days=3)
    if not told:
        for endpoint in list(bank.fake.webhooks.endpoints):
            bank.fake.control.remove_webhook(endpoint)

    async def noticed() -> None:
        await bank.letters_arrive()
        if not told:
            await bank.world.travel(days=1, hours=1)
            await reconciled(bank.world)

    fails(bank)
    await noticed()
    assert await sums(anna, payment) == ("partially_refunded", 5_000)
    fails(bank, 0)
    await noticed()
    assert await sums(anna, payment) == ("paid", 0)

    shown = await anna.sees(f"/payments/{payment}/refunds")
    assert {(one["id"], one["state"], one["code"]) for one in shown} == {
        (small["id"], "failed", CARD),
        (whole["id"], "failed", CARD),
    }
    assert len(await letters(bank.world)) == 2
    await books_are_reversed(sarah, anna, booking)
    assert ("park", "refund_failed", "open") in await findings(bank.world)
    named = "SELECT jsonb_array_length(facts -> 'failed_refunds') FROM app.reconciliation_findings"
    assert await bank.world.value(f"{named} WHERE state = 'open'") == 2
    assert ("park", "provider_has_less", "open") not in await findings(bank.world)

    await reconciled(bank.world)
    before = await everything(bank.world)
    await reconciled(bank.world)
    assert await everything(bank.world) == before
    # What failed may go back once more, and never more than was taken.
    again = await refunded(ada, payment)
    assert (again["state"], again["amount"]["amount_minor"]) == ("done", 20_000)
    assert await sums(anna, payment) == ("refunded", 20_000)
    assert bank.fake.control.state()["refunded_minor"] == 20_000
    assert (await sarah.post(f"/payments/{payment}/refunds", {})).code == "REFUND_EXCEEDS_CAPTURED"
    assert await flaws(bank.world) == []
    assert (await read(anna, booking))["status"] == "confirmed"


async def test_letters_of_a_failed_refund_in_any_order_and_twice(bank: StripeWorld) -> None:
    """What we asked for and what somebody did at the dashboard, one of each fails, and one of ours
    before its own answer was heard.
    """
    world, control = bank.world, bank.fake.control
    sarah, anna = await world.specialist(open="sun-sat 00:00-24:00"), await world.client()
    ends = []
    for seed in range(4):
        chance = Random(seed)
        booking = await anna.books(sarah, f"mon {8 + seed:02}:00", payment_method="pm_card_visa")
        await sarah.post(f"/bookings/{booking['id']}/confirm")
        await bank.letters_arrive()
        control.hold_webhooks()
        payment, intent = booking["payment"]["id"], bank.intents()[-1]["id"]
        if chance.random() < 0.5:
            await refunded(sarah, payment, amount_minor=3_000)
            control.refund_from_dashboard(intent, amount=4_000)
        else:
            control.refund_from_dashboard(intent, amount=4_000)
            await refunded(sarah, payment, amount_minor=3_000)
        await refunded(sarah, payment, amount_minor=6_000)
        of_it = [one for one in control.objects("refund") if one["payment_intent"] == intent]
        by_amount = {one["amount"]: one["id"] for one in of_it}
        steps = [
            partial(control.settle_refund, by_amount[amount], succeed=False)
            for amount in (3_000, 4_000)
        ]
        for step in chance.sample(steps, 2):
            if chance.random() < 0.5:
                await some_letters(bank, chance)
            step()
        while control.deliveries("held"):
            await some_letters(bank, chance)
        for _ in range(3):
            await bank.letters_arrive()
            await world.travel(minutes=1)
        refunds = await anna.sees(f"/payments/{payment}/refunds")
        states = sorted((one["amount"]["amount_minor"], one["state"]) for one in refunds)
        ends.append((*await sums(anna, payment), states))
        await control.release_webhooks()
    whole = [(3_000, "failed"), (4_000, "failed"), (6_000, "done")]
    assert ends == [("partially_refunded", 6_000, whole)] * 4
    told = await letters(world)
    assert len(told) == len(set(told)) == 8
    await reconciled(world)
    before = await everything(world)
    await reconciled(world)
    assert await everything(world) == before
    assert await flaws(world) == []


async def test_a_refund_that_fails_at_razorpay_is_owed_again(razorpay: RazorpayWorld) -> None:
    sarah, anna = await razorpay.world.specialist(), await razorpay.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    payment = booking["payment"]["id"]
    await razorpay.pays(booking)
    await sarah.post(f"/bookings/{booking['id']}/confirm")
    razorpay.fake.control.hold_refunds()
    made = await refunded(sarah, payment, amount_minor=5_000)
    (name,) = await razorpay.world.rows(
        "SELECT provider_reference AS name FROM app.payment_operations WHERE kind = 'refund'"
    )
    await razorpay.letters_arrive()
    assert await sums(anna, payment) == ("partially_refunded", 5_000)
    razorpay.fake.control.settle_refund(name["name"], succeed=False)
    await razorpay.letters_arrive()
    assert await sums(anna, payment) == ("paid", 0)
    (shown,) = await anna.sees(f"/payments/{payment}/refunds")
    assert (shown["id"], shown["state"], shown["code"]) == (made["id"], "failed", "refund_failed")
    assert (await refunded(sarah, payment))["payment"]["status"] == "refunded"
    assert await flaws(razorpay.world) == []


async def test_a_cancellations_refund_that_fails_is_owed_by_what_stays_cancelled(
    world: World,
) -> None:
    stage = await confirmed(world)
    await stage.cancel()
    assert await stage.status() == ("cancelled", "refunded")
    (refund,) = (await stage.charge()).refunds or ()
    await world.sandbox.fail_refund(await stage.reference(), refund.reference)
    await reconciled(world)
    assert await stage.status() == ("cancelled", "paid")
    assert len(await letters(world)) == 1
    ada, operation = await world.admin(), await stage.operation("refund")
    reply = await ada.post(f"/admin/operations/{operation}/replay")
    assert (reply.status, reply.json["state"]) == (201, "done"), reply.json
    assert await stage.status() == ("cancelled", "refunded")
    assert await flaws(world) == []


@pytest.mark.parametrize("fails_too", [False, True])
async def test_a_refund_in_doubt_is_told_by_its_key_beside_one_that_failed(
    world: World, fails_too: bool
) -> None:
    """Of two equal parts the first came back, unheard; the answer about the second was lost."""
    stage = await confirmed(world)
    payment, charge = (await stage.payment())["id"], await stage.reference()
    first = await refunded(stage.sarah, payment, amount_minor=3_000)
    async with world.sandbox_away():
        second = await refunded(stage.sarah, payment, amount_minor=3_000)
    await world.sandbox.refund(charge, Money(3_000, "USD"), idempotency_key=second["id"])
    for one in (await stage.charge()).refunds or ():
        if fails_too or one.key == first["id"]:
            await world.sandbox.fail_refund(charge, one.reference)
    await world.travel(hours=21)
    for _ in range(3):
        await world.work_off()
        await reconciled(world)
    back = 0 if fails_too else 3_000
    assert (await stage.charge()).refunded_minor == back
    assert (await sums(stage.anna, payment))[1] == back
    shown = await stage.anna.sees(f"/payments/{payment}/refunds")
    assert {one["id"]: one["state"] for one in shown} == {
        first["id"]: "failed",
        second["id"]: "failed" if fails_too else "done",
    }
    assert len(await letters(world)) == 1 + fails_too
    assert await flaws(world) == []


async def test_what_stood_in_for_a_refund_of_ours_and_failed_is_owed_again(world: World) -> None:
    """Ours never arrived; somebody returned as much at the provider's desk, and that came back."""
    stage = await confirmed(world)
    payment, charge = (await stage.payment())["id"], await stage.reference()
    async with world.sandbox_away():
        ours = await refunded(stage.sarah, payment, amount_minor=20_000)
    await world.sandbox.refund(charge, Money(20_000, "USD"), idempotency_key="desk")
    await world.travel(hours=21)
    await world.work_off()
    (theirs,) = (await stage.charge()).refunds or ()
    await world.sandbox.fail_refund(charge, theirs.reference)
    await reconciled(world)
    assert await sums(stage.anna, payment) == ("paid", 0)
    (shown,) = await stage.anna.sees(f"/payments/{payment}/refunds")
    assert (shown["id"], shown["state"]) == (ours["id"], "failed")
    assert (await refunded(stage.sarah, payment))["payment"]["status"] == "refunded"
    assert await flaws(world) == []


async def test_the_books_fall_by_no_other_door(world: World) -> None:
    stage = await confirmed(world)
    await stage.cancel()
    fall = "UPDATE app.payments SET status = 'paid', refunded_minor = 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="keeps its parties and its past"):
        await world.superuser.execute(fall)
    failed = "UPDATE app.payment_operations SET state = 'dead' WHERE kind = 'refund'"
    await world.superuser.execute(failed)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no move from refunded to paid"):
        await world.superuser.execute("UPDATE app.payments SET status = 'paid'")
    await world.superuser.execute(fall)
    assert await flaws(world) == []
