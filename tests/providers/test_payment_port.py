"""The promises of the payment port, asked of every adapter that declares the capability."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    SignatureRejected,
)
from tests.providers.payment_bench import Bench
from tests.providers.payment_benches import (
    BENCHES,
    HALF,
    PRICE,
    asked_of,
    authorized,
    disputed,
    facts,
    key,
    order,
    paid,
    yesterday,
)

every_adapter = asked_of()
takes_money = asked_of("takes_money")
voids = asked_of("takes_money", "void")
presents = asked_of("takes_money", "presents_methods")


@pytest.fixture
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with BENCHES[request.param][1]() as opened:
        yield opened


# --- every adapter


@every_adapter
async def test_an_order_without_a_method_waits(bench: Bench) -> None:
    asked = order()
    charge = await bench.provider.authorize(asked, idempotency_key=key())
    assert charge.state is ChargeState.PENDING
    assert (charge.amount, charge.captured_minor, charge.refunded_minor) == (PRICE, 0, 0)
    assert charge.payment_id == asked.payment_id


@every_adapter
async def test_the_same_key_makes_one_charge(bench: Bench) -> None:
    asked, same = order(), key()
    first = await bench.provider.authorize(asked, idempotency_key=same)
    second = await bench.provider.authorize(asked, idempotency_key=same)
    assert facts(first) == facts(second)


@every_adapter
@pytest.mark.parametrize(
    "amount", [Money(500, "JPY"), Money(12_340, "BHD"), Money(900, "ISK"), Money(1234, "EUR")]
)
async def test_amounts_keep_their_currency_and_exponent(bench: Bench, amount: Money) -> None:
    charge = await bench.provider.authorize(order(amount=amount), idempotency_key=key())
    assert charge.amount == amount
    assert (await bench.provider.fetch(charge.reference)).amount == amount


@every_adapter
async def test_capture_then_refund_in_full(bench: Bench) -> None:
    charge = await authorized(bench)
    taken = await bench.provider.capture(charge.reference, PRICE, idempotency_key=key())
    assert (taken.state, taken.captured_minor) == (ChargeState.PAID, 20_000)
    refund, after = await bench.provider.refund(charge.reference, PRICE, idempotency_key=key())
    assert (refund.amount, refund.state) == (PRICE, "succeeded")
    assert (after.state, after.captured_minor, after.refunded_minor) == (
        ChargeState.PAID,
        20_000,
        20_000,
    )


@every_adapter
async def test_cancelling_releases_a_waiting_charge(bench: Bench) -> None:
    charge = await bench.provider.authorize(order(), idempotency_key=key())
    cancelled = await bench.provider.cancel(charge.reference, idempotency_key=key())
    assert (cancelled.state, cancelled.authorized_minor) == (ChargeState.CANCELLED, 0)
    assert cancelled.next_action is None


@every_adapter
async def test_more_than_was_ordered_is_never_captured(bench: Bench) -> None:
    charge = await authorized(bench)
    with pytest.raises(ChargeRefused):
        await bench.provider.capture(charge.reference, Money(20_001, "USD"), idempotency_key=key())
    assert (await bench.provider.fetch(charge.reference)).captured_minor == 0


@every_adapter
async def test_an_unknown_reference_is_refused(bench: Bench) -> None:
    with pytest.raises(ChargeRefused) as refused:
        await bench.provider.fetch("unknown_1")
    assert refused.value.reason == "resource_missing"


@every_adapter
async def test_a_payment_without_charge_is_not_found(bench: Bench) -> None:
    assert await bench.provider.find(str(uuid4()), created_after=yesterday()) is None


@every_adapter
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"\x00", b"[" * 100_000])
async def test_an_unsigned_letter_is_rejected(bench: Bench, body: bytes) -> None:
    for headers in ({}, {"Stripe-Signature": "t=1,v1="}, {"Sandbox-Signature": "t=1,v1=x"}):
        with pytest.raises(SignatureRejected):
            bench.provider.read_event(body, headers)


# --- adapters that take money themselves


@takes_money
async def test_an_approved_method_reserves_the_money(bench: Bench) -> None:
    charge = await authorized(bench)
    assert charge.state is ChargeState.AUTHORIZED
    assert (charge.authorized_minor, charge.captured_minor) == (20_000, 0)
    assert charge.next_action is None
    assert charge.capture_before is not None
    assert timedelta(days=4) < charge.capture_before - datetime.now(UTC) < timedelta(days=8)
    assert facts(await bench.provider.fetch(charge.reference)) == facts(charge)


@takes_money
async def test_a_package_is_captured_at_once(bench: Bench) -> None:
    charge = await authorized(bench, capture_now=True)
    assert (charge.state, charge.captured_minor) == (ChargeState.PAID, 20_000)


@takes_money
async def test_a_waiting_charge_tells_the_payer_the_way(bench: Bench) -> None:
    charge = await bench.provider.authorize(order(), idempotency_key=key())
    action = charge.next_action
    assert action is not None
    ways = {
        "client_secret": action.client_secret,
        "order": action.order_reference,
        "redirect": action.url,
    }
    assert [kind for kind, way in ways.items() if way] == [action.kind]


@presents
async def test_a_waiting_charge_carries_a_secret_for_the_payer_only(bench: Bench) -> None:
    charge = await bench.provider.authorize(order(), idempotency_key=key())
    assert charge.next_action is not None
    assert charge.next_action.client_secret
    assert charge.next_action.client_secret not in repr(charge)
    assert charge.next_action.client_secret not in repr(charge.raw)


@takes_money
async def test_the_payer_presents_a_method_later(bench: Bench) -> None:
    charge = await bench.provider.authorize(order(), idempotency_key=key())
    assert bench.present is not None
    await bench.present(charge.reference, bench.approved)
    assert (await bench.provider.fetch(charge.reference)).state is ChargeState.AUTHORIZED


@takes_money
async def test_fetch_tells_the_same_as_capture_did(bench: Bench) -> None:
    charge = await paid(bench)
    assert charge.authorized_minor == 20_000
    assert facts(await bench.provider.fetch(charge.reference)) == facts(charge)


@takes_money
async def test_a_second_capture_is_a_conflict_that_tells_the_truth(bench: Bench) -> None:
    charge = await paid(bench)
    with pytest.raises(ChargeStateConflict) as conflict:
        await bench.provider.capture(charge.reference, PRICE, idempotency_key=key())
    assert conflict.value.charge is not None
    assert facts(conflict.value.charge) == facts(charge)


@asked_of("takes_money", "partial_capture")
async def test_a_partial_capture_releases_the_rest(bench: Bench) -> None:
    charge = await authorized(bench)
    taken = await bench.provider.capture(charge.reference, HALF, idempotency_key=key())
    assert (taken.state, taken.amount, taken.captured_minor) == (ChargeState.PAID, PRICE, 10_000)
    assert taken.refunded_minor == 0
    with pytest.raises(ChargeRefused):
        await bench.provider.refund(charge.reference, PRICE, idempotency_key=key())


@voids
async def test_cancelling_twice_is_no_error(bench: Bench) -> None:
    charge, same = await authorized(bench), key()
    first = await bench.provider.cancel(charge.reference, idempotency_key=same)
    again = await bench.provider.cancel(charge.reference, idempotency_key=same)
    other = await bench.provider.cancel(charge.reference, idempotency_key=key())
    assert first.state is ChargeState.CANCELLED
    assert facts(first) == facts(again) == facts(other)
    assert facts(await bench.provider.fetch(charge.reference)) == facts(first)


@voids
async def test_cancel_after_capture_is_a_conflict(bench: Bench) -> None:
    charge = await paid(bench)
    with pytest.raises(ChargeStateConflict) as conflict:
        await bench.provider.cancel(charge.reference, idempotency_key=key())
    assert conflict.value.charge is not None
    assert conflict.value.charge.state is ChargeState.PAID
    assert (await bench.provider.fetch(charge.reference)).captured_minor == 20_000


@voids
async def test_capture_after_cancel_takes_nothing(bench: Bench) -> None:
    charge = await authorized(bench)
    await bench.provider.cancel(charge.reference, idempotency_key=key())
    with pytest.raises(ChargeStateConflict) as conflict:
        await bench.provider.capture(charge.reference, PRICE, idempotency_key=key())
    assert conflict.value.charge is not None
    assert conflict.value.charge.state is ChargeState.CANCELLED
    assert (await bench.provider.fetch(charge.reference)).captured_minor == 0


@takes_money
async def test_refunds_add_up_and_stop_at_what_was_taken(bench: Bench) -> None:
    charge = await paid(bench)
    _, once = await bench.provider.refund(charge.reference, HALF, idempotency_key=key())
    await bench.let_time_pass()
    _, twice = await bench.provider.refund(charge.reference, HALF, idempotency_key=key())
    assert [once.refunded_minor, twice.refunded_minor] == [10_000, 20_000]
    with pytest.raises(ChargeRefused):
        await bench.provider.refund(charge.reference, Money(1, "USD"), idempotency_key=key())
    assert (await bench.provider.fetch(charge.reference)).refunded_minor == 20_000


@takes_money
async def test_more_than_was_taken_is_never_returned(bench: Bench) -> None:
    charge = await paid(bench)
    with pytest.raises(ChargeRefused):
        await bench.provider.refund(charge.reference, Money(20_001, "USD"), idempotency_key=key())
    assert (await bench.provider.fetch(charge.reference)).refunded_minor == 0


@takes_money
async def test_what_was_not_taken_is_not_returned(bench: Bench) -> None:
    charge = await authorized(bench)
    with pytest.raises(ChargeRefused):
        await bench.provider.refund(charge.reference, HALF, idempotency_key=key())


@presents
async def test_a_decline_returns_the_charge_to_the_payer(bench: Bench) -> None:
    with pytest.raises(ChargeRefused) as refused:
        await authorized(bench, payment_method=bench.without_funds)
    assert (refused.value.reason, refused.value.decline_code) == (
        "card_declined",
        "insufficient_funds",
    )
    declined = refused.value.charge
    assert declined is not None
    assert (declined.state, declined.error_code) == (ChargeState.PENDING, "card_declined")
    assert declined.decline_code == "insufficient_funds"
    assert declined.next_action is not None
    assert bench.present is not None
    await bench.present(declined.reference, bench.approved)
    charge = await bench.provider.fetch(declined.reference)
    assert (charge.state, charge.error_code) == (ChargeState.AUTHORIZED, None)


@presents
@pytest.mark.parametrize(
    ("succeed", "state"), [(True, ChargeState.AUTHORIZED), (False, ChargeState.PENDING)]
)
async def test_the_payer_is_challenged(bench: Bench, succeed: bool, state: ChargeState) -> None:
    charge = await authorized(bench, payment_method=bench.challenged)
    assert charge.state is ChargeState.REQUIRES_ACTION
    assert charge.next_action is not None
    assert charge.next_action.client_secret
    assert bench.finish_challenge is not None
    await bench.finish_challenge(charge.reference, succeed)
    after = await bench.provider.fetch(charge.reference)
    assert after.state is state
    assert (after.error_code is None) is succeed


@presents
async def test_nobody_is_there_to_be_challenged_off_session(bench: Bench) -> None:
    with pytest.raises(ChargeRefused) as refused:
        await authorized(bench, payment_method=bench.challenged, off_session=True)
    assert refused.value.reason == "authentication_required"
    assert refused.value.charge is not None
    assert refused.value.charge.state is ChargeState.PENDING


@asked_of("takes_money", "disputes")
async def test_a_dispute_flags_the_charge(bench: Bench) -> None:
    charge = await disputed(bench)
    present = await bench.provider.fetch(charge.reference)
    assert (present.disputed, present.state) == (True, ChargeState.PAID)
