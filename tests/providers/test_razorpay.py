"""The Razorpay adapter: orders, amounts, lost answers, wrong keys and nonsense."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    ProviderUnavailable,
)
from consulta.providers.payments.razorpay import RazorpayProvider
from consulta.providers.payments.razorpay_translation import charge_from
from tests.fakes.razorpay import FakeRazorpay, running_fake_razorpay
from tests.providers.payment_benches import HALF, PRICE, facts, key, order, yesterday
from tests.providers.razorpay_account import PAYMENT, razorpay_at
from tests.providers.scripted_server import Answer, running_script


@pytest.fixture
async def bank() -> AsyncIterator[tuple[RazorpayProvider, FakeRazorpay]]:
    async with running_fake_razorpay() as (fake, url):
        provider = razorpay_at(url)
        yield provider, fake
        await provider.close()


Bank = tuple[RazorpayProvider, FakeRazorpay]


async def test_an_order_carries_opaque_ids_and_no_person(bank: Bank) -> None:
    provider, fake = bank
    asked = order(metadata={"consulta_booking": "b-1", "name": "Anna Müller"})
    charge = await provider.authorize(asked, idempotency_key=key())
    made = fake.control.get(charge.reference)
    assert made["receipt"] == asked.payment_id
    assert made["notes"] == {"consulta_booking": "b-1", "consulta_payment": asked.payment_id}
    assert provider.publishable_key == "rzp_test_fake"


@pytest.mark.parametrize(
    ("amount", "sub_units"),
    [(Money(500, "JPY"), 500), (Money(99_990, "KWD"), 99_990), (Money(50_000, "INR"), 50_000)],
)
async def test_amounts_are_sub_units(bank: Bank, amount: Money, sub_units: int) -> None:
    provider, fake = bank
    charge = await provider.authorize(order(amount=amount), idempotency_key=key())
    assert fake.control.get(charge.reference)["amount"] == sub_units
    fake.control.pay(charge.reference)
    taken = await provider.capture(charge.reference, amount, idempotency_key=key())
    refund, after = await provider.refund(charge.reference, amount, idempotency_key=key())
    assert (taken.captured_minor, refund.amount) == (amount.amount_minor, amount)
    assert after.refunded_minor == amount.amount_minor


async def test_a_last_digit_that_razorpay_does_not_take_is_refused(bank: Bank) -> None:
    provider, fake = bank
    with pytest.raises(ChargeRefused) as refused:
        await provider.authorize(order(amount=Money(99_991, "KWD")), idempotency_key=key())
    assert refused.value.reason == "amount_not_representable"
    assert fake.control.requests == []


@pytest.mark.parametrize("phase", ["before", "after"])
async def test_lost_answers_have_one_effect(bank: Bank, phase: str) -> None:
    provider, fake = bank
    asked, same = order(), key()
    fake.control.drop_next(method="POST", phase=phase)
    with pytest.raises(ProviderUnavailable):
        await provider.authorize(asked, idempotency_key=same)
    charge = await provider.authorize(asked, idempotency_key=same)
    assert len(fake.control.orders()) == 1
    fake.control.pay(charge.reference)
    await provider.capture(charge.reference, PRICE, idempotency_key=key())
    fake.control.drop_next(method="POST", phase=phase)
    with pytest.raises(ProviderUnavailable):
        await provider.refund(charge.reference, HALF, idempotency_key=same)
    for _ in range(2):
        _, after = await provider.refund(charge.reference, HALF, idempotency_key=same)
    assert (after.refunded_minor, fake.control.taken_minor()) == (10_000, 10_000)


async def test_a_capture_that_was_lost_is_seen_as_done(bank: Bank) -> None:
    provider, fake = bank
    charge = await provider.authorize(order(), idempotency_key=key())
    fake.control.pay(charge.reference)
    fake.control.drop_next(path="/capture")
    with pytest.raises(ProviderUnavailable):
        await provider.capture(charge.reference, PRICE, idempotency_key="operation-1")
    with pytest.raises(ChargeStateConflict) as conflict:
        await provider.capture(charge.reference, PRICE, idempotency_key="operation-1")
    assert conflict.value.charge is not None
    assert conflict.value.charge.state is ChargeState.PAID
    assert fake.control.asked("POST", "/capture") == 1


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("executes", [False, True])
async def test_failures_are_doubt_and_resolve(bank: Bank, status: int, executes: bool) -> None:
    provider, fake = bank
    asked = order()
    fake.control.fail_next(
        status=status, executes=executes, method="POST", headers={"retry-after": "3"}
    )
    with pytest.raises(ProviderUnavailable) as raised:
        await provider.authorize(asked, idempotency_key=key())
    assert raised.value.retry_after_seconds == 3
    charge = await provider.authorize(asked, idempotency_key=key())
    assert [one["id"] for one in fake.control.orders()] == [charge.reference]


async def test_silence_is_doubt() -> None:
    async with running_fake_razorpay() as (fake, url):
        hasty = razorpay_at(url, timeout_seconds=0.2)
        fake.control.delay_next(1)
        with pytest.raises(ProviderUnavailable):
            await hasty.fetch("order_1")
        await hasty.close()


async def test_another_key_sees_nothing_and_a_wrong_one_is_doubt(bank: Bank) -> None:
    provider, _ = bank
    charge = await provider.authorize(order(), idempotency_key=key())
    async with running_fake_razorpay() as (fake, url):
        fake.control.open_account("rzp_test_other", "other")
        mine, other = (
            razorpay_at(url),
            razorpay_at(url, key_id="rzp_test_other", key_secret="other"),
        )
        charge = await mine.authorize(order(), idempotency_key=key())
        with pytest.raises(ChargeRefused) as refused:
            await other.fetch(charge.reference)
        assert refused.value.reason == "resource_missing"
        assert await other.find(charge.payment_id or "", created_after=yesterday()) is None
        wrong = razorpay_at(url, key_secret="wrong")
        with pytest.raises(ProviderUnavailable):
            await wrong.fetch(charge.reference)
        for each in (mine, other, wrong):
            await each.close()


async def test_a_hold_that_ran_out_is_a_charge_given_up(bank: Bank) -> None:
    provider, fake = bank
    charge = await provider.authorize(order(), idempotency_key=key())
    fake.control.pay(charge.reference)
    held = await provider.fetch(charge.reference)
    assert held.capture_before is not None
    await fake.control.advance((held.capture_before - datetime.now(UTC)).total_seconds() + 1)
    gone = await provider.fetch(charge.reference)
    assert (gone.state, gone.authorized_minor, gone.captured_minor, gone.refunded_minor) == (
        ChargeState.CANCELLED, 0, 0, 0,
    )  # fmt: skip
    with pytest.raises(ChargeStateConflict):
        await provider.capture(charge.reference, PRICE, idempotency_key=key())
    assert facts(await provider.cancel(charge.reference, idempotency_key=key())) == facts(gone)


async def test_what_seemed_to_have_failed_may_be_authorised_days_later(bank: Bank) -> None:
    provider, fake = bank
    charge = await provider.authorize(order(), idempotency_key=key())
    tried = fake.control.begin(charge.reference)
    assert (await provider.fetch(charge.reference)).state is ChargeState.REQUIRES_ACTION
    fake.control.finish(tried["id"], succeed=False, reason="payment_timed_out")
    failed = await provider.fetch(charge.reference)
    assert (failed.state, failed.error_code) == (ChargeState.PENDING, "payment_timed_out")
    await fake.control.advance(3 * 86_400)
    fake.control.finish(tried["id"], succeed=True)
    assert (await provider.fetch(charge.reference)).state is ChargeState.AUTHORIZED


async def test_a_refund_waits_for_the_bank_and_may_fail(bank: Bank) -> None:
    provider, fake = bank
    fake.control.hold_refunds()
    charge = await provider.authorize(order(capture_now=True), idempotency_key=key())
    fake.control.pay(charge.reference)
    refund, after = await provider.refund(charge.reference, HALF, idempotency_key=key())
    assert (refund.state, after.refunded_minor) == ("pending", 10_000)
    fake.control.settle_refund(refund.reference, succeed=False)
    assert (await provider.fetch(charge.reference)).refunded_minor == 0


async def test_a_payment_of_another_amount_is_told_as_it_is(bank: Bank) -> None:
    provider, fake = bank
    charge = await provider.authorize(order(), idempotency_key=key())
    fake.control.pay(charge.reference)
    made = fake.control.get(charge.reference)
    odd = fake.control.payments()[0] | {"amount": 19_999}
    assert charge_from(made, [odd]).amount == Money(19_999, "USD")


async def test_a_refund_in_another_currency_is_refused(bank: Bank) -> None:
    provider, fake = bank
    charge = await provider.authorize(order(capture_now=True), idempotency_key=key())
    fake.control.pay(charge.reference)
    with pytest.raises(ChargeRefused) as refused:
        await provider.refund(charge.reference, Money(100, "EUR"), idempotency_key=key())
    assert refused.value.reason == "currency_mismatch"
    assert fake.control.taken_minor() == 20_000


async def test_the_same_payment_with_another_amount_is_refused(bank: Bank) -> None:
    provider, fake = bank
    asked = order()
    await provider.authorize(asked, idempotency_key=key())
    with pytest.raises(ChargeRefused) as refused:
        await provider.authorize(
            order(payment_id=asked.payment_id, amount=HALF), idempotency_key=key()
        )
    assert refused.value.reason == "idempotency_mismatch"
    assert len(fake.control.orders()) == 1


async def test_orders_are_listed_beyond_a_page_and_strangers_are_left_out(bank: Bank) -> None:
    provider, fake = bank
    await asyncio.gather(*(provider.authorize(order(), idempotency_key=key()) for _ in range(101)))
    fake.control.banks["rzp_test_fake"].order({"amount": 100, "currency": "INR"})
    told = [charge.reference async for charge in provider.recent(yesterday())]
    assert len(set(told)) == len(told) == 101


@pytest.mark.parametrize(
    "answer",
    [7, "order", {}, {"id": "order_1"}, {"id": 7, "amount": 1, "currency": "USD"},
     {"id": "order_1", "amount": 1.5, "currency": "USD", "created_at": 1, "notes": []},
     {"id": "order_1", "amount": True, "currency": "USD", "created_at": 1, "notes": []},
     {"id": "order_1", "amount": 1, "currency": "dollar", "created_at": 1, "notes": []},
     {"id": "../../x", "amount": 1, "currency": "USD", "created_at": 1, "notes": []},
     {"id": "order_1", "amount": 1, "currency": "USD", "created_at": 10**30, "notes": []}],
)  # fmt: skip
async def test_nonsense_is_doubt(answer: Any) -> None:
    async with running_script() as script:
        provider = razorpay_at(script.url)
        script.will_answer(Answer({"items": []}), Answer(answer))
        with pytest.raises(ProviderUnavailable):
            await provider.authorize(order(), idempotency_key=key())
        script.will_answer(Answer({"items": answer}))
        with pytest.raises(ProviderUnavailable):
            await provider.find(PAYMENT, created_after=yesterday())
        await provider.close()


async def test_a_wrong_key_told_with_a_400_is_doubt() -> None:
    error = {"error": {"code": "BAD_REQUEST_ERROR", "description": "Authentication failed"}}
    async with running_script() as script:
        provider = razorpay_at(script.url)
        script.will_answer(Answer(error, status=400))
        with pytest.raises(ProviderUnavailable):
            await provider.fetch("order_1")
        await provider.close()


@pytest.mark.parametrize("missing", ["key_id", "key_secret"])
def test_a_key_without_its_half_is_no_key(missing: str) -> None:
    with pytest.raises(ValueError, match="Razorpay needs"):
        razorpay_at("http://127.0.0.1:9", **{missing: ""})
    with pytest.raises(ValueError, match="webhook"):
        razorpay_at("http://127.0.0.1:9", webhook_secrets=["a", ""])


async def test_a_find_is_bounded_in_time(bank: Bank) -> None:
    provider, _ = bank
    asked = order()
    await provider.authorize(asked, idempotency_key=key())
    soon = datetime.now(UTC) + timedelta(minutes=4)
    assert await provider.find(asked.payment_id, created_after=soon) is not None
    later = datetime.now(UTC) + timedelta(minutes=6)
    assert await provider.find(asked.payment_id, created_after=later) is None


async def test_the_return_from_the_checkout_fits_our_order_only(bank: Bank) -> None:
    provider, fake = bank
    first = await provider.authorize(order(), idempotency_key=key())
    other = await provider.authorize(order(), idempotency_key=key())
    told = fake.control.pay(first.reference)
    brought = {
        "payment_id": told["razorpay_payment_id"],
        "signature": told["razorpay_signature"],
    }
    assert provider.verify_return(first.reference, **brought)
    assert not provider.verify_return(other.reference, **brought)
