"""Several disputes on one charge, and refunds that are owed while the bank decides: nobody is paid
twice, and nothing that is owed is forgotten.
"""

import asyncio
from random import Random
from typing import Any

import pytest

from tests.features.reconciliation.books import everything, reconciled
from tests.journeys.desk import read
from tests.journeys.test_disputes import flaws, movements, paid_at_stripe, told
from tests.journeys.test_failed_refunds import letters, refunded, sums
from tests.journeys.test_letters_in_any_order import some_letters
from tests.world.stripe import StripeWorld


async def balances(sarah: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, account, amount in await movements(sarah):
        found[account] = found.get(account, 0) + amount
    return found


async def test_each_of_two_disputes_has_its_own_end(bank: StripeWorld) -> None:
    """One is won and the other lost, with letters in any order and twice."""
    world, control = bank.world, bank.fake.control
    for seed in range(2):
        chance = Random(seed)
        sarah, anna, booking, intent = await paid_at_stripe(bank)
        payment = booking["payment"]["id"]
        control.hold_webhooks()
        won = control.open_dispute(intent, amount=5_000)
        lost = control.open_dispute(intent, amount=3_000, reason="duplicate")
        if seed % 2:
            await some_letters(bank, chance)
        ends = [(won["id"], True), (lost["id"], False)]
        first, second = chance.sample(ends, 2)
        control.close_dispute(first[0], won=first[1])
        await some_letters(bank, chance)
        seen = (await read(anna, booking))["payment"]
        assert (seen["is_disputed"], seen["dispute"]["status"]) == (True, "open")
        control.close_dispute(second[0], won=second[1])
        while control.deliveries("held"):
            await some_letters(bank, chance)
        await control.release_webhooks()
        for _ in range(3):
            await bank.letters_arrive()
            await world.travel(minutes=1)
        shown = (await sarah.get(f"/payments/{payment}")).json
        assert shown["is_disputed"] is False
        assert sorted(
            (one["amount"]["amount_minor"], one["status"], one["reason"])
            for one in shown["disputes"]
        ) == [(3_000, "lost", "duplicate"), (5_000, "won", "fraudulent")]
        assert await balances(sarah) == {
            "gateway": 17_000,
            "specialist": -20_000,
            "disputed": 3_000,
        }
    assert (await told(world))["dispute_closed"] == 4
    await reconciled(world)
    before = await everything(world)
    await reconciled(world)
    assert await everything(world) == before
    assert await flaws(world) == []


async def test_what_is_disputed_is_not_returned_as_well(bank: StripeWorld) -> None:
    sarah, anna, booking, intent = await paid_at_stripe(bank)
    payment, ada = booking["payment"]["id"], await bank.world.admin()
    asking = bank.fake.control.open_dispute(intent, inquiry=True)
    await bank.letters_arrive()
    assert (await refunded(sarah, payment, amount_minor=1_000))["state"] == "done"
    bank.fake.control.close_dispute(asking["id"], won=False)
    dispute = bank.fake.control.open_dispute(intent, amount=9_000)
    await bank.letters_arrive()
    for who in (sarah, ada):
        for body in ({}, {"amount_minor": 1}):
            reply = await who.post(f"/payments/{payment}/refunds", body)
            assert (reply.status, reply.code) == (409, "PAYMENT_DISPUTED")
    bank.fake.control.close_dispute(dispute["id"], won=False)
    await bank.letters_arrive()
    reply = await ada.post(f"/payments/{payment}/refunds", {"amount_minor": 10_001})
    assert (reply.code, reply.json["refundable"]["amount_minor"]) == (
        "REFUND_EXCEEDS_CAPTURED",
        10_000,
    )
    assert (await refunded(ada, payment))["amount"]["amount_minor"] == 10_000
    assert await sums(anna, payment) == ("partially_refunded", 11_000)
    assert await flaws(bank.world) == []


@pytest.mark.parametrize(
    ("decided", "state", "back", "is_known"),
    [
        ("won", "done", 20_000, True),
        ("lost", "not_owed", 0, False),
        ("in part", "done", 14_000, True),
    ],
)
async def test_what_a_cancellation_owes_waits_for_the_bank(
    bank: StripeWorld, decided: str, state: str, back: int, is_known: bool
) -> None:
    """Whether we know of the dispute, or hear of it by the refusal of the refund."""
    world, control = bank.world, bank.fake.control
    sarah, anna, booking, intent = await paid_at_stripe(bank)
    amount = 6_000 if decided == "in part" else 20_000
    control.hold_webhooks()
    dispute = control.open_dispute(intent, amount=amount)
    if is_known:
        await control.release_webhooks()
        await bank.letters_arrive()
    reply = await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "ill"})
    assert (reply.status, reply.json["status"]) == (200, "cancelled"), reply.json
    payment = booking["payment"]["id"]

    async def the_refund() -> tuple[str, str | None]:
        (one,) = await anna.sees(f"/payments/{payment}/refunds")
        return one["state"], one["code"]

    for _ in range(3):
        await bank.letters_arrive()
        assert (await the_refund())[0] == "pending"
        await world.travel(days=2)
    asked = len(control.requests(method="POST", operation="refunds.create"))
    control.close_dispute(dispute["id"], won=decided == "won")
    await control.release_webhooks()
    for _ in range(2):
        await bank.letters_arrive()
        await world.travel(minutes=1)
    assert await the_refund() == (state, "dispute_lost" if state == "not_owed" else None)
    assert control.state()["refunded_minor"] == back
    assert asked <= 1, "nobody asks while the bank decides"
    held = await balances(sarah)
    assert held["gateway"] == 0
    assert held.get("disputed", 0) == 20_000 - back
    assert await letters(world) == []
    for _ in range(3):
        await world.travel(days=1)
        await bank.letters_arrive()
    assert control.state()["refunded_minor"] == back
    await reconciled(world)
    assert await flaws(world) == []


async def test_what_was_lost_before_a_cancellation_is_not_owed_again(bank: StripeWorld) -> None:
    _, anna, booking, intent = await paid_at_stripe(bank)
    dispute = bank.fake.control.open_dispute(intent, amount=15_000)
    bank.fake.control.close_dispute(dispute["id"], won=False)
    await bank.letters_arrive()
    reply = await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "ill"})
    assert (reply.status, reply.json["payment"]["refunded"]["amount_minor"]) == (200, 5_000)
    assert bank.fake.control.state()["refunded_minor"] == 5_000
    assert await flaws(bank.world) == []


async def test_what_went_back_twice_holds_nothing_up(bank: StripeWorld) -> None:
    """A part was returned before all was lost at the bank: nothing is left, and that is no less."""
    sarah, anna, booking, intent = await paid_at_stripe(bank)
    await refunded(sarah, booking["payment"]["id"], amount_minor=5_000)
    dispute = bank.fake.control.open_dispute(intent)
    bank.fake.control.close_dispute(dispute["id"], won=False)
    await bank.letters_arrive()
    reply = await sarah.post(f"/bookings/{booking['id']}/cancel", {"reason": "ill"})
    assert (reply.status, reply.json["status"]) == (200, "cancelled"), reply.json
    assert await sums(anna, booking["payment"]["id"]) == ("partially_refunded", 5_000)
    assert await flaws(bank.world) == []


async def test_refunds_that_race_with_one_that_fails_return_no_more_than_was_taken(
    bank: StripeWorld,
) -> None:
    sarah, anna, booking, _ = await paid_at_stripe(bank)
    payment, ada = booking["payment"]["id"], await bank.world.admin()
    await refunded(sarah, payment, amount_minor=15_000)
    (first,) = bank.fake.control.objects("refund")

    async def fails() -> None:
        bank.fake.control.settle_refund(first["id"], succeed=False)
        await bank.letters_arrive()

    path = f"/payments/{payment}/refunds"
    replies, _ = await asyncio.gather(
        asyncio.gather(*(who.post(path, {"amount_minor": 5_000}) for who in (sarah, ada) * 4)),
        fails(),
    )
    await bank.letters_arrive()
    made = sum(one.status == 201 and one.json["state"] == "done" for one in replies)
    assert 1 <= made <= 4
    assert bank.fake.control.state()["refunded_minor"] == made * 5_000
    back = "refunded" if made == 4 else "partially_refunded"
    assert await sums(anna, payment) == (back, made * 5_000)
    left = await ada.post(path)
    assert (left.status, left.code) == (
        (409, "REFUND_EXCEEDS_CAPTURED") if made == 4 else (201, None)
    )
    assert bank.fake.control.state()["refunded_minor"] == 20_000
    assert await flaws(bank.world) == []
