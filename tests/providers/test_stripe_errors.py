"""The Stripe adapter: what a refusal, a failure, nonsense and silence mean."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from consulta.providers.payments.port import (
    AuthorizeOrder,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    ProviderUnavailable,
)
from consulta.providers.payments.stripe import StripeProvider
from tests.providers.scripted_server import Answer, Script, running_script
from tests.providers.stripe_answers import (
    PAYMENT,
    PRICE,
    SECRET_KEY,
    failure,
    intent,
    stripe_at,
)


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    async with running_script() as running:
        yield running


@pytest.fixture
async def provider(script: Script) -> AsyncIterator[StripeProvider]:
    provider = stripe_at(script.url)
    yield provider
    await provider.close()


async def refused(script: Script, provider: StripeProvider, answer: Answer) -> ChargeRefused:
    script.will_answer(answer)
    with pytest.raises(ChargeRefused) as raised:
        await provider.authorize(
            AuthorizeOrder(payment_id=PAYMENT, amount=PRICE), idempotency_key="operation-1"
        )
    assert raised.value.__suppress_context__
    return raised.value


async def unavailable(
    script: Script, provider: StripeProvider, *answers: Answer
) -> ProviderUnavailable:
    script.will_answer(*answers)
    with pytest.raises(ProviderUnavailable) as raised:
        await provider.fetch("pi_1")
    assert raised.value.__suppress_context__
    assert "Anna" not in str(raised.value)
    return raised.value


async def test_a_decline_brings_the_charge_back(script: Script, provider: StripeProvider) -> None:
    declined = intent(
        status="requires_payment_method",
        latest_charge="ch_1",
        last_payment_error={"code": "card_declined", "decline_code": "insufficient_funds"},
    )
    error = failure(
        type="card_error",
        code="card_declined",
        decline_code="insufficient_funds",
        payment_intent=declined,
    )
    refusal = await refused(script, provider, Answer(error, status=402))
    assert (refusal.reason, refusal.decline_code) == ("card_declined", "insufficient_funds")
    assert refusal.charge is not None
    assert (refusal.charge.state, refusal.charge.error_code) == (
        ChargeState.PENDING,
        "card_declined",
    )
    assert "Anna" not in str(refusal)


@pytest.mark.parametrize("odd", [{"status": "dancing"}, "pi_1", ["pi_1"], 7])
async def test_a_decline_with_an_odd_charge_is_still_a_decline(
    script: Script, provider: StripeProvider, odd: Any
) -> None:
    error = failure(type="card_error", payment_intent=odd)
    refusal = await refused(script, provider, Answer(error, status=402))
    assert (refusal.reason, refusal.charge) == ("card_declined", None)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"code": "amount_too_large"}, "amount_too_large"),
        ({"code": None}, "invalid_request"),
        ({"code": "Anna's card"}, "invalid_request"),
        ({"type": "idempotency_error"}, "idempotency_mismatch"),
    ],
)
async def test_a_wrong_request_is_refused_for_good(
    script: Script, provider: StripeProvider, error: dict[str, Any], reason: str
) -> None:
    refusal = await refused(script, provider, Answer(failure(**error), status=400))
    assert refusal.reason == reason
    assert not isinstance(refusal, ChargeStateConflict)


@pytest.mark.parametrize(
    "code",
    [
        "payment_intent_unexpected_state",
        "charge_already_captured",
        "charge_already_refunded",
        "charge_expired_for_capture",
    ],
)
async def test_a_state_conflict_is_told_with_the_present_charge(
    script: Script, provider: StripeProvider, code: str
) -> None:
    script.will_answer(Answer(failure(code=code), status=400), Answer(intent(status="succeeded")))
    with pytest.raises(ChargeStateConflict) as conflict:
        await provider.capture("pi_1", PRICE, idempotency_key="operation-1")
    assert conflict.value.reason == code
    assert conflict.value.charge is not None
    assert conflict.value.charge.state is ChargeState.PAID


async def test_a_conflict_keeps_what_came_with_it_where_nothing_can_be_read(
    script: Script, provider: StripeProvider
) -> None:
    error = failure(code="payment_intent_unexpected_state", payment_intent=intent())
    script.will_answer(Answer(error, status=400), Answer(b"", status=503))
    with pytest.raises(ChargeStateConflict) as conflict:
        await provider.cancel("pi_1", idempotency_key="operation-1")
    assert conflict.value.charge is not None
    assert conflict.value.charge.state is ChargeState.AUTHORIZED


@pytest.mark.parametrize(
    ("status", "headers", "retry_after", "stored"),
    [
        (429, {"retry-after": "7"}, 7.0, False),
        (429, {"stripe-should-retry": "false"}, None, False),
        (409, {}, None, False),
        (500, {"stripe-should-retry": "false"}, None, True),
        (500, {"idempotent-replayed": "true"}, None, True),
        (503, {"retry-after": "0.5", "stripe-should-retry": "true"}, 0.5, False),
        (503, {"retry-after": "99999999"}, 3600.0, False),
        (503, {"retry-after": "-1"}, None, False),
        (503, {"retry-after": "nan"}, None, False),
        (503, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None, False),
    ],
)
async def test_what_may_pass_is_unavailable(
    script: Script,
    provider: StripeProvider,
    status: int,
    headers: dict[str, str],
    retry_after: float | None,
    stored: bool,
) -> None:
    answer = Answer(failure(code="idempotency_key_in_use"), status=status, headers=headers)
    error = await unavailable(script, provider, answer)
    assert (error.retry_after_seconds, error.stored) == (retry_after, stored)


async def test_a_key_in_use_is_no_mismatch(script: Script, provider: StripeProvider) -> None:
    error = failure(type="idempotency_error", code="idempotency_key_in_use")
    await unavailable(script, provider, Answer(error, status=400))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_logged_without_the_key(
    script: Script, provider: StripeProvider, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    message = f"Invalid API Key provided: {SECRET_KEY}"
    with caplog.at_level(logging.WARNING):
        error = await unavailable(script, provider, Answer(failure(message=message), status=status))
    assert not error.stored
    assert "credentials" in caplog.text
    assert SECRET_KEY not in caplog.text + str(error)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b""),
        Answer(b"<html>", status=502, headers={"retry-after": "3"}),
        Answer(b"<html>"),
        Answer(b"\xff\xfe"),
        Answer([]),
        Answer(7),
        Answer({}),
        Answer(None, status=500),
        Answer({"error": None}, status=400),
        Answer({"error": 7}, status=400),
        Answer({"error": []}, status=500),
        Answer({"oops": 1}, status=500),
        Answer(intent(status="dancing")),
        Answer(intent(amount="20000")),
        Answer(intent(amount=None)),
        Answer(intent(currency="pesos")),
        Answer(intent(created="now")),
        Answer(intent(created=10**30)),
        Answer(b"[" * 100_000),
        Answer({"id": "pi_1"}, status=302, headers={"location": "http://127.0.0.1:1/"}),
        Answer(hangs_up=True),
    ],
)
async def test_an_unusable_answer_is_doubt_and_nothing_else(
    script: Script, provider: StripeProvider, answer: Answer
) -> None:
    await unavailable(script, provider, answer)


async def test_the_headers_of_a_broken_answer_are_heeded(
    script: Script, provider: StripeProvider
) -> None:
    answer = Answer(b"<html>", status=502, headers={"retry-after": "3"})
    assert (await unavailable(script, provider, answer)).retry_after_seconds == 3.0


async def test_silence_ends(script: Script) -> None:
    provider = stripe_at(script.url, timeout_seconds=0.1)
    await unavailable(script, provider, Answer(intent(), after_seconds=2.0))
    await provider.close()


async def test_a_call_has_an_end_of_its_own(script: Script, provider: StripeProvider) -> None:
    provider._deadline_seconds = 0.1
    await unavailable(script, provider, Answer(intent(), after_seconds=2.0))


async def test_nobody_listens(script: Script) -> None:
    provider = stripe_at("http://127.0.0.1:9")
    with pytest.raises(ProviderUnavailable):
        await provider.fetch("pi_1")
    await provider.close()


async def test_a_hung_up_line_is_tried_again_with_the_same_key(script: Script) -> None:
    provider = stripe_at(script.url, max_network_retries=1)
    script.will_answer(Answer(hangs_up=True), Answer(intent()))
    charge = await provider.capture("pi_1", PRICE, idempotency_key="operation-1")
    assert charge.reference == "pi_1"
    assert len(script.requests) == 2
    assert all("idempotency-key: operation-1" in sent.lower() for sent in script.requests)
    await provider.close()


async def test_being_cancelled_is_not_an_answer(script: Script, provider: StripeProvider) -> None:
    script.will_answer(Answer(intent(), after_seconds=5.0))
    call = asyncio.ensure_future(provider.fetch("pi_1"))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.mark.parametrize(
    "wrong",
    [{"secret_key": ""}, {"webhook_secrets": ["whsec_1", ""]}, {"max_network_retries": 3}],
)
def test_unsafe_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Stripe|SDK"):
        stripe_at("http://127.0.0.1:9", **wrong)
