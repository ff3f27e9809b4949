"""Twenty parts of one payment are returned at once: never more than was taken, and without the
guard that sees to it more is.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from tests.conftest import TestDatabase
from tests.features.bookings.stages import Stage, confirmed
from tests.world import Person, Reply, World
from tests.world.stripe import SECRET_KEY, StripeWorld, running_stripe_world

TAKEN, PART, PEOPLE = 20_000, 3_000, 20
FIT = TAKEN // PART

_GUARD = "OR app.returned_minor(payment) + amount > payment.captured_minor"
_LOCK = "WHERE p.id = p_payment FOR UPDATE;"
_SLOWLY = "WHERE p.id = p_payment; PERFORM pg_sleep(0.2);"


@pytest.fixture
async def bank(database: TestDatabase) -> AsyncIterator[StripeWorld]:
    async with running_stripe_world(database) as made:
        yield made


async def parts_return(payment: str, people: Sequence[Person]) -> list[Reply]:
    """Everybody returns a part of the same payment at once."""
    body = {"amount_minor": PART}
    return await asyncio.gather(
        *(people[n % len(people)].post(f"/payments/{payment}/refunds", body) for n in range(PEOPLE))
    )


async def promised(world: World) -> int:
    """All that our books ever promised to return, whatever became of it."""
    total: int = await world.value(
        "SELECT coalesce(sum(amount_minor), 0)::bigint FROM app.payment_operations"
        " WHERE kind = 'refund'"
    )
    return total


def outcome(replies: Sequence[Reply]) -> Counter[tuple[int, str | None]]:
    return Counter((reply.status, reply.code) for reply in replies)


KEPT = {(201, None): FIT, (409, "REFUND_EXCEEDS_CAPTURED"): PEOPLE - FIT}


async def test_what_fits_goes_back_and_no_more(world: World) -> None:
    stage = await confirmed(world, price=TAKEN)
    payment = (await stage.seen())["payment"]["id"]

    replies = await parts_return(payment, [stage.sarah, await world.admin()])

    assert outcome(replies) == KEPT
    assert await promised(world) == FIT * PART
    assert (await stage.charge()).refunded_minor == FIT * PART
    assert (await stage.payment())["refunded"]["amount_minor"] == FIT * PART


async def test_a_cancellation_among_them_takes_the_rest(world: World) -> None:
    stage = await confirmed(world, price=TAKEN)
    payment = (await stage.seen())["payment"]["id"]

    replies, cancelled = await asyncio.gather(
        parts_return(payment, [stage.sarah]), stage.cancel({"reason": "Ill."})
    )

    made = outcome(replies)[201, None]
    assert (cancelled.status, set(outcome(replies))) in (
        (200, {(201, None), (409, "REFUND_EXCEEDS_CAPTURED")}),
        (200, {(409, "REFUND_EXCEEDS_CAPTURED")}),
    )
    assert made <= FIT
    assert await promised(world) == TAKEN
    assert (await stage.charge()).refunded_minor == TAKEN


async def test_stripe_returns_what_fits_and_no_more(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(price=TAKEN), await world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await bank.pays(booking)
    assert (await sarah.post(f"/bookings/{booking['id']}/confirm")).status == 200
    await bank.letters_arrive()

    replies = await parts_return(booking["payment"]["id"], [sarah, await world.admin()])
    await bank.letters_arrive()

    assert outcome(replies) == KEPT
    assert await promised(world) == FIT * PART
    refunds: list[Any] = list(bank.fake.control.objects("refund", key=SECRET_KEY))
    assert [one["amount"] for one in refunds] == [PART] * FIT
    seen = (await anna.get(f"/payments/{booking['payment']['id']}")).json
    assert (seen["status"], seen["refunded"]["amount_minor"]) == (
        "partially_refunded",
        FIT * PART,
    )


@pytest.mark.parametrize(
    ("part", "instead"),
    [pytest.param(_GUARD, "", id="sum"), pytest.param(_LOCK, _SLOWLY, id="lock")],
)
async def test_without_the_guard_more_is_promised_than_was_taken(
    world: World, part: str, instead: str
) -> None:
    """The control: the same race on a sabotaged database must go wrong."""
    stage: Stage = await confirmed(world, price=TAKEN)
    body: str = await world.value("SELECT pg_get_functiondef('app.request_operation'::regproc)")
    assert part in body
    await world.superuser.execute(body.replace(part, instead))
    payment = (await stage.seen())["payment"]["id"]

    replies = await parts_return(payment, [stage.sarah])

    # The provider is the last to refuse, which an answer tells with a code.
    assert sum(reply.status == 201 for reply in replies) > FIT
    assert await promised(world) > TAKEN
