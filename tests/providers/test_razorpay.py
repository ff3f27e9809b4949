"""The Razorpay adapter: orders, amounts, lost answers, wrong keys, nonsense, and its letters."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    ProviderEvent,
    ProviderUnavailable,
    SignatureRejected,
)
from consulta.providers.payments.razorpay import RazorpayProvider
from consulta.providers.payments.razorpay_events import AGE_SECONDS_MAX, is_payers_return
from consulta.providers.payments.razorpay_translation import charge_from
from consulta.providers.payments.signatures import plain_digest
from tests.fakes.razorpay import FakeRazorpay, running_fake_razorpay
from tests.providers.payment_benches import HALF, PRICE, facts, key, order, yesterday
from tests.providers.scripted_server import Answer, running_script

NOW = 1_700_000_000
SECRET = "webhook-secret"
PAYMENT = "0193f1d0-7a2b-7c3d-8e4f-5a6b7c8d9e0f"


def razorpay_at(url: str, **changes: Any) -> RazorpayProvider:
    settings: dict[str, Any] = {
        "key_id": "rzp_test_fake",
        "key_secret": "secret_fake",
        "webhook_secrets": [SECRET],
        "api_base": url,
        "timeout_seconds": 2.0,
        "clock": lambda: float(NOW),
    }
    return RazorpayProvider(**(settings | changes))


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


# --- signatures and letters


def test_the_vendors_own_examples_of_signatures() -> None:
    examples = [
        ("key_secret", "fake_order_id|fake_payment_id",
         "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89"),
        ("EnLs21M47BllR3X8PSFtjtbd",
         "plink_IH3cNucfVEgV68|TSsd1989|paid|pay_IH3d0ara9bSsjQ",
         "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b"),
        ("EnLs21M47BllR3X8PSFtjtbd", "pay_IDZNwZZFtnjyym|sub_ID6MOhgkcoHj9I",
         "601f383334975c714c91a7d97dd723eb56520318355863dcf3821c0d07a17693"),
    ]  # fmt: skip
    for secret, message, digest in examples:
        assert plain_digest(message.encode(), secret=secret) == digest


@pytest.mark.parametrize(
    ("change", "genuine"),
    [
        ({}, True),
        ({"order_reference": "fake_order_id2"}, False),
        ({"payment_id": "fake_payment_id2"}, False),
        ({"key_secret": "other"}, False),
        ({"signature": ""}, False),
        ({"signature": "é" * 64}, False),
        ({"signature": "B2335E3B0801106B84A7FAFF035DF56ECFFDE06918C9DDD1F0FAFBB37A51CC89"}, False),
    ],
)
def test_the_payers_return_is_checked(change: dict[str, str], genuine: bool) -> None:
    told = {
        "key_secret": "key_secret",
        "order_reference": "fake_order_id",
        "payment_id": "fake_payment_id",
        "signature": "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
    }
    assert is_payers_return(**(told | change)) is genuine


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


def letter(**changes: Any) -> dict[str, Any]:
    payment = {
        "id": "pay_1", "entity": "payment", "status": "authorized", "amount": 20_000,
        "currency": "USD", "order_id": "order_1", "email": "anna@example.org",
        "contact": "+919999999999", "notes": [], "card": {"name": "Anna", "last4": "1007"},
    }  # fmt: skip
    return {
        "entity": "event",
        "account_id": "acc_1",
        "event": "payment.authorized",
        "contains": ["payment"],
        "payload": {"payment": {"entity": payment}},
        "created_at": NOW,
    } | changes


BODY = json.dumps(letter()).encode()


def signed(body: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def read(body: bytes, headers: dict[str, str], **changes: Any) -> ProviderEvent:
    return razorpay_at("http://127.0.0.1:9", **changes).read_event(body, headers)


def test_a_letter_is_read_and_minimised() -> None:
    told = read(BODY, {"X-Razorpay-Signature": signed(), "x-razorpay-event-id": "evt_1"})
    assert (told.id, told.kind, told.charge_reference) == ("evt_1", "payment.authorized", "order_1")
    assert (told.livemode, told.is_ours) == (False, True)
    assert told.created_at == datetime.fromtimestamp(NOW, UTC)
    text = json.dumps(told.body)
    assert not any(word in text for word in ("anna", "Anna", "+91", "1007"))


def test_orders_and_disputes_name_their_order_and_payment() -> None:
    ordered = {"entity": {"id": "order_2", "notes": {"consulta_payment": PAYMENT}}}
    body = json.dumps(letter(event="order.paid", payload={"order": ordered})).encode()
    told = read(body, {"X-Razorpay-Signature": signed(body)})
    assert (told.charge_reference, told.payment_id) == ("order_2", PAYMENT)
    payload = {**letter()["payload"], "dispute": {"entity": {"id": "disp_1", "status": "open"}}}
    body = json.dumps(letter(event="payment.dispute.created", payload=payload)).encode()
    told = read(body, {"X-Razorpay-Signature": signed(body)})
    assert (told.charge_reference, told.body["dispute"]["status"]) == ("order_1", "open")


@pytest.mark.parametrize("name", [None, "", "é", "x" * 200, "a b"])
def test_without_a_usable_id_copies_are_told_by_their_bytes(name: str | None) -> None:
    headers = {"X-Razorpay-Signature": signed()} | (
        {} if name is None else {"x-razorpay-event-id": name}
    )
    assert read(BODY, headers).id == read(BODY, headers).id == hashlib.sha256(BODY).hexdigest()


def test_an_old_secret_is_good_while_it_is_listed() -> None:
    headers = {"X-Razorpay-Signature": signed(secret="older")}
    assert read(BODY, headers, webhook_secrets=[SECRET, "older"]).kind == "payment.authorized"
    with pytest.raises(SignatureRejected):
        read(BODY, headers)


@pytest.mark.parametrize(
    ("written", "fresh"),
    [(NOW, True), (NOW + 300, True), (NOW + 301, False), (NOW - 86_400, True),
     (NOW - AGE_SECONDS_MAX, True), (NOW - AGE_SECONDS_MAX - 1, False), (10**40, False),
     (-1, False), (True, False), ("1700000000", False), (None, False)],
)  # fmt: skip
def test_letters_from_the_future_or_long_ago_are_refused(written: Any, fresh: bool) -> None:
    body = json.dumps(letter(created_at=written)).encode()
    headers = {"X-Razorpay-Signature": signed(body)}
    if fresh:
        assert read(body, headers).created_at == datetime.fromtimestamp(written, UTC)
    else:
        with pytest.raises(SignatureRejected):
            read(body, headers)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b"\xff\xfe", b"\x00", b"[" * 100_000, b'{"event": 7}',
     json.dumps(letter(event="a b")).encode(), json.dumps(letter(event=None)).encode()],
)  # fmt: skip
def test_signed_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureRejected):
        read(body, {"X-Razorpay-Signature": signed(body)})


@pytest.mark.parametrize("payload", [None, [], 7, {"payment": []}, {"payment": {"entity": 7}}])
def test_a_letter_about_nothing_is_about_no_charge(payload: Any) -> None:
    body = json.dumps(letter(payload=payload)).encode()
    assert read(body, {"X-Razorpay-Signature": signed(body)}).charge_reference is None


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Razorpay-Signature": ""}, {"X-Razorpay-Signature": "0" * 64},
     {"X-Razorpay-Signature": "é" * 64}, {"X-Razorpay-Signature": signed() + "0"},
     {"X-Razorpay-Signature": "0" * 10_000},
     {"X-Razorpay-Signature": signed(), "x-razorpay-signature": signed()}],
)  # fmt: skip
def test_a_signature_that_does_not_fit_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(SignatureRejected):
        read(BODY, headers)


async def test_a_find_is_bounded_in_time(bank: Bank) -> None:
    provider, _ = bank
    asked = order()
    await provider.authorize(asked, idempotency_key=key())
    soon = datetime.now(UTC) + timedelta(minutes=4)
    assert await provider.find(asked.payment_id, created_after=soon) is not None
    later = datetime.now(UTC) + timedelta(minutes=6)
    assert await provider.find(asked.payment_id, created_after=later) is None
