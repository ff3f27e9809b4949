"""The payment port where an adapter declares that it cannot do something: what holds instead."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from consulta.providers.payments.port import ChargeRefused, ChargeState, ChargeStateConflict
from tests.providers.payment_bench import Bench
from tests.providers.payment_benches import (
    BENCHES,
    HALF,
    authorized,
    facts,
    key,
    order,
    paid,
    unable_to,
    yesterday,
)

on_pages = unable_to("presents_methods")


@pytest.fixture
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with BENCHES[request.param][1]() as opened:
        yield opened


@on_pages
async def test_what_only_a_payer_can_do_is_refused(bench: Bench) -> None:
    for changes, reason in (
        ({"payment_method": bench.approved}, "payment_method_unsupported"),
        ({"off_session": True}, "authentication_required"),
    ):
        asked = order(**changes)
        with pytest.raises(ChargeRefused) as refused:
            await bench.provider.authorize(asked, idempotency_key=key())
        assert refused.value.reason == reason
        assert await bench.provider.find(asked.payment_id, created_after=yesterday()) is None


@on_pages
async def test_after_a_decline_the_payer_is_shown_the_way_again(bench: Bench) -> None:
    asked = order()
    first = await bench.provider.authorize(asked, idempotency_key=key())
    assert bench.present is not None
    await bench.present(first.reference, bench.without_funds)
    declined = await bench.provider.fetch(first.reference)
    assert declined.state is ChargeState.PENDING
    assert declined.error_code in {"insufficient_fund", "insufficient_funds"}
    await bench.let_time_pass()
    anew = replace(asked, charge_reference=first.reference)
    again = await bench.provider.authorize(anew, idempotency_key=key())
    assert (again.reference, again.state) == (first.reference, ChargeState.PENDING)
    assert again.next_action is not None
    await bench.present(again.reference, bench.approved)
    paid_now = await bench.provider.fetch(first.reference)
    assert (paid_now.state, paid_now.error_code) == (ChargeState.AUTHORIZED, None)


@unable_to("void")
async def test_what_cannot_be_voided_says_so_and_stays_reserved(bench: Bench) -> None:
    charge = await authorized(bench)
    with pytest.raises(ChargeStateConflict) as conflict:
        await bench.provider.cancel(charge.reference, idempotency_key=key())
    assert conflict.value.charge is not None
    assert facts(conflict.value.charge) == facts(charge)
    assert facts(await bench.provider.fetch(charge.reference)) == facts(charge)


@unable_to("partial_capture")
async def test_a_part_is_not_captured(bench: Bench) -> None:
    charge = await authorized(bench)
    with pytest.raises(ChargeRefused) as refused:
        await bench.provider.capture(charge.reference, HALF, idempotency_key=key())
    assert refused.value.charge is not None
    assert facts(refused.value.charge) == facts(charge)


@unable_to("idempotent_requests")
async def test_a_payment_has_one_charge_whatever_the_key(bench: Bench) -> None:
    asked = order()
    first = await bench.provider.authorize(asked, idempotency_key=key())
    await bench.let_time_pass()
    second = await bench.provider.authorize(asked, idempotency_key=key())
    assert facts(first) == facts(second)


@unable_to("lists")
async def test_without_a_list_nothing_is_recent(bench: Bench) -> None:
    await authorized(bench)
    assert [charge async for charge in bench.provider.recent(yesterday())] == []


@unable_to("disputes")
async def test_without_word_of_disputes_no_charge_is_disputed(bench: Bench) -> None:
    assert (await paid(bench)).disputed is False
