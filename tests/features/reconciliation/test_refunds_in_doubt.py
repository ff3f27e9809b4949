"""Refunds whose keys are too old to be sent: what the charge tells of them, and what not."""

from typing import Any
from uuid import UUID

import pytest

from consulta.kernel.money import Money
from tests.features.bookings.stages import Stage, confirmed
from tests.features.reconciliation.books import findings
from tests.world import World


async def in_doubt(world: World, *amounts: int) -> tuple[Stage, list[str]]:
    """So many refunds were asked for while the provider gave no answer; the oldest first."""
    stage = await confirmed(world)
    payment = (await stage.seen())["payment"]["id"]
    keys = []
    async with world.sandbox_away():
        for amount in amounts:
            reply = await stage.sarah.post(f"/payments/{payment}/refunds", {"amount_minor": amount})
            assert (reply.status, reply.json["state"]) == (201, "pending")
            keys.append(reply.json["id"])
    return stage, keys


async def happened(stage: Stage, key: str, amount: int) -> None:
    """The provider did it all the same; its answer never came."""
    await stage.world.sandbox.refund(
        await stage.reference(), Money(amount, "USD"), idempotency_key=key
    )


async def a_day_later(world: World, *, forgets: str = "state - 'operations' - 'refunds'") -> None:
    """The keys are forgotten, and the charge tells nothing but what went back in all."""
    await world.travel(hours=30)
    await world.superuser.execute(f"UPDATE app.sandbox_charges SET state = {forgets}")
    for _ in range(4):
        await world.work_off()
        await world.travel(hours=2)


async def refunds(stage: Stage) -> list[tuple[int, str]]:
    rows: Any = await stage.world.rows(
        "SELECT o.amount_minor, o.state FROM app.payment_operations o"
        " JOIN app.payments p ON p.id = o.payment_id"
        " WHERE p.booking_id = $1 AND o.kind = 'refund' ORDER BY o.id",
        UUID(stage.id),
    )
    return [(row["amount_minor"], row["state"]) for row in rows]


async def test_nothing_went_back_and_each_is_sent_under_a_key_of_its_own(world: World) -> None:
    stage, _ = await in_doubt(world, 5_000, 3_000)
    await a_day_later(world)
    assert (await stage.charge()).refunded_minor == 8_000
    assert sorted(await refunds(stage)) == [
        (3_000, "dead"),
        (3_000, "done"),
        (5_000, "dead"),
        (5_000, "done"),
    ]


async def test_all_went_back_and_none_is_sent_again(world: World) -> None:
    stage, (first, second) = await in_doubt(world, 5_000, 3_000)
    await happened(stage, first, 5_000)
    await happened(stage, second, 3_000)
    await a_day_later(world)
    assert (await stage.charge()).refunded_minor == 8_000
    assert await refunds(stage) == [(5_000, "done"), (3_000, "done")]


async def test_the_smaller_one_went_back_as_only_it_can_have(world: World) -> None:
    stage, (_, second) = await in_doubt(world, 5_000, 3_000)
    await happened(stage, second, 3_000)
    await a_day_later(world)
    assert (await stage.charge()).refunded_minor == 8_000
    assert (3_000, "done") in await refunds(stage)


async def test_one_of_two_of_a_size_went_back_and_which_does_not_matter(world: World) -> None:
    stage, (_, second) = await in_doubt(world, 4_000, 4_000)
    await happened(stage, second, 4_000)
    await a_day_later(world)
    assert (await stage.charge()).refunded_minor == 8_000


async def test_which_of_them_it_was_cannot_be_told_and_a_person_decides(world: World) -> None:
    """To send either once more might return too much."""
    stage, (_, second) = await in_doubt(world, 3_000, 5_000)
    await happened(stage, second, 5_000)
    await a_day_later(world)
    assert (await stage.charge()).refunded_minor == 5_000
    assert (3_000, "dead") in await refunds(stage)
    assert ("park", "refund_parked", "open") in await findings(world)
    assert not any(state == "in_doubt" for _, state in await refunds(stage))


@pytest.mark.parametrize("amounts", [(4_000, 4_000), (3_000, 5_000)])
async def test_where_refunds_are_told_by_their_keys_none_is_taken_for_another(
    world: World, amounts: tuple[int, int]
) -> None:
    stage, (_, second) = await in_doubt(world, *amounts)
    await happened(stage, second, amounts[1])
    await a_day_later(world, forgets="state - 'operations'")
    assert (await stage.charge()).refunded_minor == 8_000
    states = [(amounts[0], "dead"), (amounts[1], "done"), (amounts[0], "done")]
    assert await refunds(stage) == states
