"""The Razorpay adapter: which letters and returns are believed, and what is kept of them."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from consulta.providers.payments.port import ProviderEvent, SignatureRejected
from consulta.providers.payments.razorpay_events import AGE_SECONDS_MAX, is_payers_return
from consulta.providers.payments.signatures import plain_digest
from tests.providers.razorpay_account import NOW, PAYMENT, SECRET, razorpay_at


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
