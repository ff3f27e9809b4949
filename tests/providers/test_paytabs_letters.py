"""The PayTabs adapter: which letters and returns are believed, and what is kept of them."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from consulta.providers.payments.paytabs import PayTabsProvider
from consulta.providers.payments.paytabs_events import is_payers_return
from consulta.providers.payments.port import ProviderEvent, SignatureRejected
from tests.fakes.paytabs import running_fake_paytabs
from tests.providers.payment_benches import key, order

PROFILE, KEY = 66455, "SFAKEKEY00-FAKEKEY000-FAKEKEY000"
PAYMENT = "0193f1d0-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
# The example of the vendor's support article 60000718961.
EXAMPLE_KEY = "SGJNZ96JLG-JDMKHGRWT9-RWRK2KJNRJ"
EXAMPLE = (
    "acquirerMessage=&acquirerRRN=&cartId=cart_11111&customerEmail=email%40domain.com"
    "&respCode=G84718&respMessage=Authorised&respStatus=A"
    "&signature=7a181a32c768621eb6966107752ee70205a01f1c4403a3d13c0ff604f591f988"
    "&token=&tranRef=TST2215201242166"
)


def letter(**changes: Any) -> dict[str, Any]:
    return {
        "tran_ref": "TST2215201242166", "merchant_id": 1, "profile_id": PROFILE,
        "tran_type": "Auth", "cart_id": PAYMENT, "cart_description": "auth:operation-1",
        "cart_currency": "USD", "cart_amount": "200.00", "tran_currency": "USD",
        "customer_details": {"name": "Anna Payer", "email": "anna@example.org"},
        "payment_result": {"response_status": "A", "response_code": "G84718",
                           "response_message": "Authorised",
                           "transaction_time": "2026-02-13T07:28:52Z"},
        "payment_info": {"payment_description": "4111 11## #### 1111"},
    } | changes  # fmt: skip


BODY = json.dumps(letter()).encode()


def signed(body: bytes = BODY, secret: str = KEY) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def read(body: bytes, headers: dict[str, str]) -> ProviderEvent:
    provider = PayTabsProvider(profile_id=PROFILE, server_key=KEY)
    return provider.read_event(body, headers)


def told(**changes: Any) -> ProviderEvent:
    body = json.dumps(letter(**changes)).encode()
    return read(body, {"Signature": signed(body)})


def test_a_letter_is_read_and_minimised() -> None:
    event = told()
    assert (event.id, event.kind) == ("TST2215201242166.auth.A", "auth.A")
    assert (event.charge_reference, event.payment_id) == (f"{PAYMENT}_20000USD", PAYMENT)
    assert (event.livemode, event.is_ours) == (False, True)
    text = json.dumps(event.body)
    assert not any(word in text for word in ("Anna", "anna@", "4111", "Authorised"))


def test_a_part_names_its_cart_alone() -> None:
    event = told(tran_type="Refund", cart_amount="50.00", previous_tran_ref="TST1")
    assert (event.kind, event.charge_reference) == ("refund.A", PAYMENT)


def test_a_state_is_told_once_and_another_is_another_event() -> None:
    held = {"response_status": "H", "response_code": "G1"}
    assert told().id == told(trace="again").id != told(payment_result=held).id


def test_real_money_and_other_profiles_are_told_apart() -> None:
    assert told(tran_ref="SFT1").livemode
    assert not told(profile_id=1).is_ours
    assert told(profileId=str(PROFILE)).is_ours


@pytest.mark.parametrize(
    "headers",
    [{}, {"Signature": ""}, {"Signature": "0" * 64}, {"Signature": signed(secret="other")},
     {"Signature": "é" * 64}, {"Signature": "0" * 10_000}, {"Signature": signed() + "0"},
     {"Signature": signed(), "signature": signed()}],
)  # fmt: skip
def test_a_signature_that_does_not_fit_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(SignatureRejected):
        read(BODY, headers)


@pytest.mark.parametrize("body", [BODY + b" ", BODY[:-1], BODY.replace(b"200", b"100")])
def test_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(SignatureRejected):
        read(body, {"Signature": signed()})


@pytest.mark.parametrize(
    "changes",
    [{"tran_ref": None}, {"tran_ref": "a b"}, {"cart_id": 7}, {"cart_amount": "x"},
     {"cart_amount": 200.5}, {"cart_currency": None}, {"payment_result": None},
     {"tran_type": "a b"}, {"payment_result": {"response_status": "A", "transaction_time": "x"}}],
)  # fmt: skip
def test_signed_nonsense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureRejected):
        told(**changes)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"\xff\xfe", b"\x00", b"[" * 100_000, b"{}"])
def test_signed_bytes_that_are_no_object_are_refused(body: bytes) -> None:
    with pytest.raises(SignatureRejected):
        read(body, {"Signature": signed(body)})


def test_the_vendors_own_example_of_a_return() -> None:
    assert is_payers_return(EXAMPLE.encode(), server_key=EXAMPLE_KEY)
    assert is_payers_return(f"{EXAMPLE}&utm_source=mail".encode(), server_key=EXAMPLE_KEY)


@pytest.mark.parametrize(
    "form",
    [
        EXAMPLE.replace("respStatus=A", "respStatus=D"),
        EXAMPLE.replace("cart_11111", "cart_11112"),
        EXAMPLE.replace("token=", "token=0"),
        EXAMPLE.replace("7a181a", "7a181b"),
        EXAMPLE.replace("signature=", "sign="),
        EXAMPLE + "&respStatus=D",
        EXAMPLE + "&respMessage=%FF",
        EXAMPLE + "&a=" + "x" * 10_000,
        EXAMPLE + "&a=1" * 100,
        "",
    ],
)
def test_a_return_that_was_touched_is_not_believed(form: str) -> None:
    assert not is_payers_return(form.encode(), server_key=EXAMPLE_KEY)
    assert not is_payers_return(b"\xff" + form.encode(), server_key=EXAMPLE_KEY)


def test_php_writes_a_tilde_otherwise() -> None:
    message = b"cartId=a%7Eb+c&respStatus=0"
    fields = {"cartId": "a~b c", "respStatus": "0", "signature": signed(message, EXAMPLE_KEY)}
    assert is_payers_return(urlencode(fields).encode(), server_key=EXAMPLE_KEY)


async def test_the_return_from_our_page_is_believed() -> None:
    async with running_fake_paytabs(profile_id=PROFILE, server_key=KEY) as (fake, url):
        provider = PayTabsProvider(profile_id=PROFILE, server_key=KEY, api_base=url)
        charge = await provider.authorize(order(), idempotency_key=key())
        form = fake.control.pay(fake.control.pages(charge.payment_id or "")[0])
        assert provider.verify_return(form.encode())
        assert not provider.verify_return(form.replace("respStatus=A", "respStatus=D").encode())
        await provider.close()
