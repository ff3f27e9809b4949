"""The Stripe adapter: which letters are believed, and what is kept of them."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from consulta.providers.payments.port import (
    ProviderEvent,
    SignatureRejected,
)
from consulta.providers.payments.signatures import signature_header
from tests.providers.stripe_answers import (
    NOW,
    PAYMENT,
    SECRET_KEY,
    WEBHOOK_SECRET,
    intent,
    stripe_at,
)


def event(**changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.amount_capturable_updated",
        "api_version": "2026-10-28.endive",
        "created": NOW,
        "livemode": False,
        "data": {"object": intent()},
    } | changes


BODY = json.dumps(event()).encode()


def signed(body: bytes = BODY, *, secret: str = WEBHOOK_SECRET, at: int = NOW) -> str:
    return signature_header(body, secret=secret, at=at)


def read(body: bytes, header: str, **changes: Any) -> ProviderEvent:
    provider = stripe_at("http://127.0.0.1:9", **changes)
    return provider.read_event(body, {"Stripe-Signature": header})


def digest(body: bytes = BODY, *, at: str = str(NOW), secret: str = WEBHOOK_SECRET) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def test_the_signature_is_the_documented_one() -> None:
    body = '{"id":"evt_1","object":"event"}'
    ours = signature_header(body.encode(), secret="whsec_test", at=1_700_000_000)
    theirs = stripe.WebhookSignature.generate_signature_header(body, "whsec_test", 1_700_000_000)
    assert ours == theirs


def test_a_signed_letter_is_read() -> None:
    told = read(BODY, signed())
    assert (told.id, told.kind) == ("evt_1", "payment_intent.amount_capturable_updated")
    assert (told.charge_reference, told.payment_id) == ("pi_1", PAYMENT)
    assert told.created_at == datetime.fromtimestamp(NOW, tz=UTC)
    assert (told.livemode, told.is_ours, told.account) == (False, True, "")


@pytest.mark.parametrize(("age", "fresh"), [(301, False), (300, True), (299, True), (0, True),
                                            (-299, True), (-300, True), (-301, False),
                                            (-315_360_000, False)])  # fmt: skip
def test_a_letter_is_neither_old_nor_from_the_future(age: int, fresh: bool) -> None:
    header = signed(at=NOW - age)
    if fresh:
        assert read(BODY, header).id == "evt_1"
    else:
        with pytest.raises(SignatureRejected):
            read(BODY, header)


@pytest.mark.parametrize(
    "header",
    [
        f"t={NOW},v1={'0' * 64},v1={digest()}",
        f"t={NOW},v1={digest()},v1={'0' * 64},v0={'0' * 64}",
        f"v1={digest()},t={NOW}",
        f"t={NOW},v1={digest(secret='whsec_old')}",
    ],
)
def test_a_rolling_secret_is_accepted(header: str) -> None:
    assert read(BODY, header, webhook_secrets=[WEBHOOK_SECRET, "whsec_old"]).id == "evt_1"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"t={NOW}",
        f"v1={digest()}",
        f"t={NOW},v1=",
        f"t={NOW},v1=,v1={digest()}",
        f"t={NOW},v0={digest()}",
        f"t={NOW},v1={digest(secret='whsec_other')}",
        f"t={NOW},v1={digest().upper()}",
        f"t={NOW},v1={digest()[:-1]}",
        f"t={NOW},v1={digest()[:-1]}é",
        f"t={NOW},v1={digest()},v0=é",
        f"t={NOW},t={NOW},v1={digest()}",
        f"t={NOW},t=1,v1={digest()}",
        f"t=,v1={digest(at='')}",
        f"t=NaN,v1={digest(at='NaN')}",
        f"t=-5,v1={digest(at='-5')}",
        f"t=1e9,v1={digest(at='1e9')}",
        f"t={NOW}.0,v1={digest(at=f'{NOW}.0')}",
        f"t=٣,v1={digest(at='٣')}",
        f"t={'9' * 400},v1={digest(at='9' * 400)}",
        f"t={NOW},v1={digest()}," + "x" * 4096,
        f" t={NOW}, v1={digest()}",
        "t=1\x00,v1=\udcff",
    ],
)
def test_a_forged_header_is_rejected(header: str) -> None:
    with pytest.raises(SignatureRejected):
        read(BODY, header)


@pytest.mark.parametrize(
    "body",
    [
        BODY + b" ",
        json.dumps(event(), indent=1).encode(),
        BODY.replace(b"20000", b"20001"),
        b"",
    ],
)
def test_a_changed_body_is_rejected(body: bytes) -> None:
    with pytest.raises(SignatureRejected):
        read(body, signed())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"evt_1"',
        b"{}",
        b"\xff\xfe{}",
        b"\x00",
        b'{"id":"evt_1"\x00}',
        b"\x1f\x8b\x08\x00",
        b'{"id":NaN}',
        b'{"a":' * 100_000,
        json.dumps(event(id=None)).encode(),
        json.dumps(event(id=7)).encode(),
        json.dumps(event(id="")).encode(),
        json.dumps(event(id="evt\x00")).encode(),
        json.dumps(event(id="x" * 256)).encode(),
        json.dumps(event(type=["a"])).encode(),
        json.dumps(event(type="payment_intent.süß")).encode(),
        json.dumps(event(data=None)).encode(),
        json.dumps(event(data={"object": []})).encode(),
        b'{"id":"evt_1","type":"a","data":{"object":{"id":"\\ud800"}}}',
    ],
)
def test_a_signed_body_that_is_no_event_is_rejected(body: bytes) -> None:
    with pytest.raises(SignatureRejected):
        read(body, signed(body))


@given(st.binary(max_size=200), st.text(max_size=200), st.booleans())
def test_whatever_the_bytes_only_one_error_is_raised(
    body: bytes, header: str, genuine: bool
) -> None:
    with pytest.raises(SignatureRejected):
        read(body, signed(body) if genuine else header)


def test_the_header_is_found_whatever_its_case_and_only_once() -> None:
    provider = stripe_at("http://127.0.0.1:9")
    assert provider.read_event(BODY, {"stripe-signature": signed()}).id == "evt_1"
    for headers in ({}, {"stripe-signature": signed(), "Stripe-Signature": signed()}):
        with pytest.raises(SignatureRejected):
            provider.read_event(BODY, headers)


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(SignatureRejected):
        read(BODY, signed(secret=""), webhook_secrets=[])


@pytest.mark.parametrize(
    ("key", "account", "changes", "is_ours"),
    [
        (SECRET_KEY, "", {}, True),
        ("sk_live_1", "", {"livemode": True}, True),
        ("rk_live_1", "", {"livemode": True}, True),
        ("sk_live_1", "", {}, False),
        (SECRET_KEY, "", {"livemode": True}, False),
        (SECRET_KEY, "", {"livemode": "false"}, True),
        (SECRET_KEY, "", {"account": "acct_9"}, False),
        (SECRET_KEY, "acct_9", {"account": "acct_9"}, True),
    ],
)
def test_a_letter_about_another_mode_or_account_is_not_ours(
    key: str, account: str, changes: dict[str, Any], is_ours: bool
) -> None:
    body = json.dumps(event(**changes)).encode()
    told = read(body, signed(body), secret_key=key, account=account)
    assert (told.is_ours, told.account) == (is_ours, account)


@pytest.mark.parametrize(
    ("thing", "reference", "payment_id"),
    [
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_7"}, "pi_7", None),
        ({"object": "refund", "id": "re_1", "payment_intent": {"id": "pi_7"}}, "pi_7", None),
        ({"object": "dispute", "id": "dp_1", "payment_intent": None}, None, None),
        ({"object": "charge", "metadata": {"consulta_payment": PAYMENT}}, None, PAYMENT),
        ({"object": "charge", "metadata": {"consulta_payment": "Anna B."}}, None, None),
        ({"object": "payout", "id": "po_1"}, None, None),
    ],
)
def test_a_letter_points_to_the_charge(
    thing: dict[str, Any], reference: str | None, payment_id: str | None
) -> None:
    body = json.dumps(event(data={"object": thing})).encode()
    told = read(body, signed(body))
    assert (told.charge_reference, told.payment_id) == (reference, payment_id)


def test_the_kept_copy_has_states_and_amounts_but_no_person() -> None:
    error = {"code": "card_declined", "decline_code": "lost_card", "message": "Anna's card"}
    thing = intent(
        description="Anna's session",
        last_payment_error=error,
        status="requires_payment_method",
        cancellation_reason="Anna's wish",
        amount_received=2**70,
        charge={"id": "ch_1", "receipt_email": "anna@example.com"},
    )
    body = json.dumps(event(data={"object": thing}, request={"id": "anna"})).encode()
    kept = dict(read(body, signed(body)).body)
    assert kept["object"] == {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "requires_payment_method",
        "amount": 20_000,
        "amount_capturable": 20_000,
        "currency": "usd",
        "created": NOW,
        "livemode": False,
        "charge": "ch_1",
        "last_payment_error": {"code": "card_declined", "decline_code": "lost_card"},
        "consulta_payment": PAYMENT,
    }
    assert "anna" not in json.dumps(kept).lower()
    assert "hush" not in json.dumps(kept)


@pytest.mark.parametrize("created", [None, -1, 10**15, "now"])
def test_an_odd_date_is_left_out(created: Any) -> None:
    body = json.dumps(event(created=created)).encode()
    assert read(body, signed(body)).created_at is None
