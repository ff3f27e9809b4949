"""Disputes that a developer walks through without an account: the payment method says how the bank
decides, five minutes after the money was taken.
"""

from dataclasses import replace

import pytest

from consulta.providers.payments import sandbox_charge as methods
from consulta.providers.payments.port import DisputeState
from tests.features.bookings.stages import Stage, confirmed
from tests.features.packages.shop import bought
from tests.features.payments.test_apply import applied
from tests.features.reconciliation.books import everything, findings, reconciled
from tests.journeys.test_disputes import flaws, told
from tests.journeys.test_refunds_and_disputes import balances
from tests.world.world import World

OPEN = {
    "status": "open",
    "reason": "fraudulent",
    "amount": {"amount_minor": 20_000, "currency": "USD"},
}


async def called_off(world: World, method: str) -> Stage:
    """Paid, disputed and cancelled: what is owed waits for the bank."""
    stage = await confirmed(world, method=method)
    shown = (await stage.seen())["payment"]
    assert (shown["is_disputed"], shown["dispute"]) == (True, OPEN)
    assert (await stage.payment())["disputes"] == [OPEN]
    reply = await stage.cancel({"reason": "ill"})
    assert (reply.status, reply.json["status"]) == (200, "cancelled"), reply.json
    return stage


async def is_heard(stage: Stage, *, by_letter: bool) -> None:
    """The sandbox's charge as it stands now reaches us, by its letter or by our reading alone."""
    world = stage.world
    if by_letter:
        body, headers = world.sandbox.letter_about(await stage.charge())
        reply = await world.http.post("/api/webhooks/sandbox", content=body, headers=headers)
        assert (reply.status_code, reply.json()["duplicate"]) == (200, False)
        await world.work_off("webhooks.letters")
    else:
        await reconciled(world)
    await world.work_off()


async def the_refund(stage: Stage) -> tuple[str, str | None, int]:
    """State and reason of the only refund, and how much the sandbox sent back."""
    payment = (await stage.payment())["id"]
    (one,) = await stage.anna.sees(f"/payments/{payment}/refunds")
    return one["state"], one["code"], (await stage.charge()).refunded_minor


@pytest.mark.parametrize("by_letter", [True, False], ids=["letter", "reading"])
@pytest.mark.parametrize(
    ("method", "end", "refund", "sums"),
    [
        (
            methods.DISPUTE_WON,
            "won",
            ("done", None, 20_000),
            {"gateway": 0, "specialist": 0, "disputed": 0},
        ),
        (
            methods.DISPUTE_LOST,
            "lost",
            ("not_owed", "dispute_lost", 0),
            {"gateway": 0, "specialist": -20_000, "disputed": 20_000},
        ),
    ],
)
async def test_the_method_says_how_the_bank_decides(
    world: World,
    method: str,
    end: str,
    refund: tuple[str, str | None, int],
    sums: dict[str, int],
    by_letter: bool,
) -> None:
    stage = await called_off(world, method)
    await world.travel(minutes=4)
    await is_heard(stage, by_letter=by_letter)
    assert await the_refund(stage) == ("pending", "PAYMENT_DISPUTED", 0)

    await world.travel(minutes=1)
    await is_heard(stage, by_letter=by_letter)
    assert await the_refund(stage) == refund
    shown = (await stage.seen())["payment"]
    assert (shown["is_disputed"], shown["dispute"]) == (False, OPEN | {"status": end})
    assert await balances(stage.sarah) == sums
    assert await told(world) == {"disputed": 1, "dispute_closed": 1}
    assert await findings(world) == ([] if by_letter else [("correct", "dispute_ended", "done")])

    await reconciled(world)
    before = await everything(world)
    await reconciled(world)
    assert await everything(world) == before
    assert await flaws(world) == []


async def test_a_dispute_without_an_end_stays_open(world: World) -> None:
    stage = await called_off(world, methods.DISPUTE)
    for _ in range(2):
        await world.travel(days=90)
        await is_heard(stage, by_letter=False)
    assert await the_refund(stage) == ("pending", "PAYMENT_DISPUTED", 0)
    assert (await stage.seen())["payment"]["dispute"] == OPEN
    assert await flaws(world) == []


async def test_credits_whose_money_was_lost_are_taken_back_without_it(world: World) -> None:
    purchase = await bought(world, method=methods.DISPUTE_LOST)
    await world.travel(minutes=6)
    await reconciled(world)
    assert (await purchase.quote())["amount"]["amount_minor"] == 0
    reply = await purchase.refund()
    assert (reply.status, reply.json["status"]) == (200, "refunded"), reply.json
    assert await purchase.status() == ("refunded", "paid", 0)


async def test_a_loss_that_the_bank_takes_back_is_for_a_person_to_look_at(world: World) -> None:
    stage = await called_off(world, methods.DISPUTE_LOST)
    await world.travel(minutes=6)
    await is_heard(stage, by_letter=False)
    assert await the_refund(stage) == ("not_owed", "dispute_lost", 0)
    lost = await stage.charge()
    won = [replace(one, state=DisputeState.WON) for one in lost.disputes]
    for _ in range(2):
        await applied(stage, replace(lost, disputes=tuple(won)))
    assert await findings(world) == [
        ("correct", "dispute_ended", "done"),
        ("park", "loss_reversed", "open"),
    ]
    assert await flaws(world) == []
