"""A gateway that fails one request in five, forgets keys and goes away for more than a day: money
moves once, users see "pending" and never an error of ours, and both sides agree in the end.
"""

import asyncio
from collections import defaultdict
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.fakes.stripe.weather import Weather
from tests.world import Client, Specialist
from tests.world.stripe import StripeWorld

SEEDS = (1,)
BOOKINGS = 12
KEY_HOURS = 20
FINAL = {
    # What the payment says, and what the intent has to say: status, captured, returned in full.
    "cancelled": ("canceled", 0, 0),
    "paid": ("succeeded", 20_000, 0),
    "refunded": ("succeeded", 20_000, 20_000),
}


@pytest.mark.parametrize("seed", SEEDS)
async def test_one_request_in_five_fails_and_then_all_for_thirty_hours(
    bank: StripeWorld, seed: int
) -> None:
    world, fake = bank.world, bank.fake
    sarah = await world.specialist(open="sun-sat 00:00-24:00")
    fake.control.hold_webhooks()  # Nobody tells us of anything.
    weather = fake.machine.faults = Weather(seed, share=0.2)
    chance = Random(seed)

    people = [await world.client(f"Anna {chr(65 + number)}") for number in range(BOOKINGS)]
    lives = [a_life(sarah, anna, number, chance) for number, anna in enumerate(people)]
    booked = list(zip(people, await asyncio.gather(*lives), strict=True))
    await works_on(bank, minutes=5, times=4)
    weather.share = 1.0
    for anna, booking in booked[::2]:
        await asks(sarah, f"/bookings/{booking['id']}/confirm")
        await asks(anna, f"/bookings/{booking['id']}/cancel")
    await works_on(bank, hours=2, times=15)  # More than a day: keys are forgotten.
    weather.share = 0.2
    await works_on(bank, minutes=70, times=12)
    weather.share = 0.0
    await works_on(bank, hours=1, times=4)

    assert weather.struck > BOOKINGS
    assert await nothing_is_in_doubt(bank) == []
    for _, booking in booked:
        await both_sides_agree(bank, booking)
    assert_every_key_was_young(bank)


async def a_life(sarah: Specialist, anna: Client, number: int, chance: Random) -> Any:
    """Somebody books, perhaps is confirmed, perhaps calls off; every answer is a fit one."""
    when = sarah.at("mon 00:00") + timedelta(weeks=3, minutes=30 * number)
    booking = await asks(
        anna, "/bookings", sarah.booking(when, payment_method="pm_card_visa"), good={201}
    )
    assert booking["payment"]["status"] in {"pending", "authorized"}
    path = f"/bookings/{booking['id']}"
    if chance.random() < 0.7:
        await asks(sarah, f"{path}/confirm")
    if chance.random() < 0.5:
        await asks(anna, f"{path}/cancel")
    return booking


async def asks(who: Client, path: str, body: Any = None, *, good: set[int] | None = None) -> Any:
    """The answer's body; never an error of ours."""
    reply = await who.post(path, body)
    assert reply.status in (good or {200, 202, 409}), (path, reply.status, reply.json)
    return reply.json


async def works_on(bank: StripeWorld, *, times: int, **ahead: float) -> None:
    """So often so much time passes, on both sides, and the clock of the service ticks."""
    for _ in range(times):
        await bank.world.travel(**ahead)
        await bank.fake.control.advance(timedelta(**ahead).total_seconds())
        await bank.world.work_off("bookings.expire", "payments.operations", "payments.operations")
        await bank.world.work_off("reconciliation.read_again", "reconciliation.compare")


async def nothing_is_in_doubt(bank: StripeWorld) -> list[Any]:
    return await bank.world.rows(
        "SELECT kind, state, attempts, last_error FROM app.payment_operations"
        " WHERE state NOT IN ('done', 'dead')"
    )


async def both_sides_agree(bank: StripeWorld, booking: Any) -> None:
    payment_id = booking["payment"]["id"]
    (row,) = await bank.world.rows("SELECT * FROM app.payments WHERE id = $1", payment_id)
    intents = [
        one for one in bank.intents() if one["metadata"].get("consulta_payment") == payment_id
    ]
    alive = [one for one in intents if one["status"] != "canceled"]
    assert len(alive) <= 1, "the money was asked for twice"
    status, captured, returned = FINAL[row["status"]]
    if not intents:
        assert (status, row["captured_minor"]) == ("canceled", 0)
        return
    intent = (alive or intents)[0]
    charge = bank.fake.control.get(intent["latest_charge"]) if intent["latest_charge"] else {}
    assert intent["status"] == status
    assert charge.get("amount_captured", 0) == captured == row["captured_minor"]
    assert charge.get("amount_refunded", 0) == returned == row["refunded_minor"]


def assert_every_key_was_young(bank: StripeWorld) -> None:
    """No key is sent again when the gateway may have forgotten it."""
    sent: dict[str, list[int]] = defaultdict(list)
    for entry in bank.fake.machine.log.posts():
        assert entry.idempotency_key, entry.path
        sent[entry.idempotency_key].append(entry.at)
    assert max(len(times) for times in sent.values()) > 2, "nothing was ever sent again"
    ages = [max(times) - min(times) for times in sent.values()]
    assert max(ages) < KEY_HOURS * 3600


async def test_five_bad_answers_in_a_row_are_waited_out_with_growing_gaps(
    bank: StripeWorld,
) -> None:
    world, control = bank.world, bank.fake.control
    sarah, anna = await world.specialist(), await world.client()
    for status in (429, 409, 500, 429, 503):
        control.fail_next(2, status=status, path="/v1/payment_intents$", method="POST")
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_visa")
    assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")
    gaps = []
    for _ in range(12):
        rows = await world.rows(
            "SELECT state, extract(epoch FROM next_attempt_at - app.now())::float AS wait"
            " FROM app.payment_operations"
        )
        if rows[0]["state"] == "done":
            break
        gaps.append(rows[0]["wait"])
        await world.travel(seconds=rows[0]["wait"] + 0.1)
        await world.work_off()
    assert gaps == sorted(gaps)
    assert len(gaps) >= 4
    seen = (await anna.get(f"/bookings/{booking['id']}")).json
    assert (seen["status"], seen["payment"]["status"]) == ("awaiting_confirmation", "authorized")
    keys = {one.idempotency_key for one in bank.fake.machine.log.posts()}
    assert len(keys) == 1
    assert len(bank.intents()) == 1
