"""The payment port in doubt: keys sent twice or at once, lost answers, races, finding again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    ProviderUnavailable,
    SignatureRejected,
)
from tests.providers.payment_bench import Bench
from tests.providers.payment_benches import (
    BENCHES,
    HALF,
    PRICE,
    again,
    asked_of,
    authorized,
    facts,
    key,
    order,
    paid,
    yesterday,
)

takes_money = asked_of("takes_money")
voids = asked_of("takes_money", "void")
lists = asked_of("takes_money", "lists")
with_keys = asked_of("takes_money", "idempotent_requests")


@pytest.fixture
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with BENCHES[request.param][1]() as opened:
        yield opened


@takes_money
async def test_capture_under_the_same_key_happens_once(bench: Bench) -> None:
    charge, same = await authorized(bench), key()
    first = await bench.provider.capture(charge.reference, PRICE, idempotency_key=same)
    second = await again(
        bench, lambda: bench.provider.capture(charge.reference, PRICE, idempotency_key=same)
    )
    assert facts(first) == facts(second)


@voids
async def test_capture_races_cancel_and_one_wins(bench: Bench) -> None:
    charge = await authorized(bench)
    answers = await asyncio.gather(
        bench.provider.capture(charge.reference, PRICE, idempotency_key=key()),
        bench.provider.cancel(charge.reference, idempotency_key=key()),
        return_exceptions=True,
    )
    winners = [answer for answer in answers if isinstance(answer, Charge)]
    assert [type(a) for a in answers if not isinstance(a, Charge)] == [ChargeStateConflict]
    assert (await bench.provider.fetch(charge.reference)).state is winners[0].state


@takes_money
async def test_racing_refunds_never_exceed_what_was_taken(bench: Bench) -> None:
    charge = await paid(bench)
    # No two are equal, which some provider would take for a repetition.
    parts = [Money(3_000 + number, "USD") for number in range(20)]
    answers = await asyncio.gather(
        *(bench.provider.refund(charge.reference, one, idempotency_key=key()) for one in parts),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(error, ChargeRefused) for error in refused)
    returned = [
        part.amount_minor
        for part, answer in zip(parts, answers, strict=True)
        if not isinstance(answer, BaseException)
    ]
    assert len(returned) == 6
    assert (await bench.provider.fetch(charge.reference)).refunded_minor == sum(returned)


@takes_money
async def test_a_refund_under_the_same_key_happens_once(bench: Bench) -> None:
    charge, same = await paid(bench), key()
    first, _ = await bench.provider.refund(charge.reference, HALF, idempotency_key=same)
    second, after = await bench.provider.refund(charge.reference, HALF, idempotency_key=same)
    assert first == second
    assert after.refunded_minor == 10_000


@asked_of("takes_money", "presents_methods", "idempotent_requests")
async def test_a_decline_is_told_again_under_its_key(bench: Bench) -> None:
    asked, same = order(payment_method=bench.declined), key()
    references = set()
    for _ in range(3):
        with pytest.raises(ChargeRefused) as refused:
            await bench.provider.authorize(asked, idempotency_key=same)
        assert refused.value.reason == "card_declined"
        assert refused.value.charge is not None
        references.add(refused.value.charge.reference)
    assert len(references) == 1


@takes_money
async def test_a_lost_charge_is_found_by_our_own_id(bench: Bench) -> None:
    payment_id = order().payment_id
    charge = await authorized(bench, payment_id=payment_id)
    await authorized(bench)
    found = await bench.provider.find(payment_id, created_after=datetime.now(UTC))
    assert found is not None
    assert facts(found) == facts(charge)
    late = datetime.now(UTC) + timedelta(hours=1)
    assert await bench.provider.find(payment_id, created_after=late) is None


@asked_of("takes_money", "void", "idempotent_requests")
async def test_a_living_charge_is_found_before_one_given_up(bench: Bench) -> None:
    asked = order(payment_method=bench.approved)
    given_up = await bench.provider.authorize(asked, idempotency_key=key())
    living = await bench.provider.authorize(asked, idempotency_key=key())
    newest = await bench.provider.authorize(asked, idempotency_key=key())
    await bench.provider.cancel(given_up.reference, idempotency_key=key())
    await bench.provider.cancel(newest.reference, idempotency_key=key())
    found = await bench.provider.find(asked.payment_id, created_after=yesterday())
    assert found is not None
    assert found.reference == living.reference
    await bench.provider.cancel(living.reference, idempotency_key=key())
    last = await bench.provider.find(asked.payment_id, created_after=yesterday())
    assert last is not None
    assert last.state is ChargeState.CANCELLED


@lists
async def test_recent_tells_every_charge_since(bench: Bench) -> None:
    charges = [await paid(bench), await authorized(bench)]
    told = {c.reference: facts(c) async for c in bench.provider.recent(yesterday())}
    assert told == {charge.reference: facts(charge) for charge in charges}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert [charge async for charge in bench.provider.recent(tomorrow)] == []


@with_keys
async def test_a_key_belongs_to_one_request(bench: Bench) -> None:
    same = key()
    await bench.provider.authorize(order(), idempotency_key=same)
    with pytest.raises(ChargeRefused) as refused:
        await bench.provider.authorize(order(), idempotency_key=same)
    assert refused.value.reason == "idempotency_mismatch"


@takes_money
async def test_a_lost_answer_is_found_with_the_same_key(bench: Bench) -> None:
    assert bench.lose_next_reply is not None
    at_us = bench.provider.capabilities.presents_methods
    asked = order(payment_method=bench.approved if at_us else None)

    async def lost(call: Callable[[], Awaitable[Any]]) -> Any:
        assert bench.lose_next_reply is not None
        bench.lose_next_reply()
        with pytest.raises(ProviderUnavailable):
            await call()
        return await again(bench, call)

    same = [key(), key(), key()]
    charge = await lost(lambda: bench.provider.authorize(asked, idempotency_key=same[0]))
    if not at_us:
        assert bench.present is not None
        await bench.present(charge.reference, bench.approved)
        charge = await bench.provider.fetch(charge.reference)
    assert charge.state is ChargeState.AUTHORIZED
    taken = await lost(
        lambda: bench.provider.capture(charge.reference, PRICE, idempotency_key=same[1])
    )
    assert taken.state is ChargeState.PAID
    _, after = await lost(
        lambda: bench.provider.refund(charge.reference, HALF, idempotency_key=same[2])
    )
    assert after.refunded_minor == 10_000
    present = await bench.provider.find(asked.payment_id, created_after=yesterday())
    assert present is not None
    assert facts(present) == facts(after)


@lists
async def test_what_was_lost_and_found_is_there_once(bench: Bench) -> None:
    assert bench.lose_next_reply is not None
    asked, same = order(), key()
    bench.lose_next_reply()
    with pytest.raises(ProviderUnavailable):
        await bench.provider.authorize(asked, idempotency_key=same)
    charge = await again(bench, lambda: bench.provider.authorize(asked, idempotency_key=same))
    told = [c.reference async for c in bench.provider.recent(yesterday())]
    assert told == [charge.reference]


@takes_money
async def test_one_key_sent_at_once_makes_one_charge(bench: Bench) -> None:
    at_us = bench.provider.capabilities.presents_methods
    asked, same = order(payment_method=bench.approved if at_us else None), key()
    answers = await asyncio.gather(
        *(bench.provider.authorize(asked, idempotency_key=same) for _ in range(8)),
        return_exceptions=True,
    )
    made = {answer.reference for answer in answers if isinstance(answer, Charge)}
    others = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(error, ProviderUnavailable) for error in others)
    assert len(made) == 1
    if bench.provider.capabilities.lists:
        assert {c.reference async for c in bench.provider.recent(yesterday())} == made


@asked_of("takes_money", "webhooks")
async def test_a_signed_letter_names_the_charge_and_nobody(bench: Bench) -> None:
    assert bench.letter_about is not None
    charge = await authorized(bench)
    body, headers = await bench.letter_about(charge)
    event = bench.provider.read_event(body, headers)
    assert event.charge_reference == charge.reference
    assert event.payment_id in {None, charge.payment_id}
    assert event.id
    assert event.is_ours
    for tampered in (body + b" ", body[:-1], body.replace(b"200", b"201", 1)):
        assert tampered != body
        with pytest.raises(SignatureRejected):
            bench.provider.read_event(tampered, headers)
