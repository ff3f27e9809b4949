"""The PayTabs adapter: what its answers mean, down to refusals, repetitions and nonsense."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.paytabs_translation import (
    cart_from,
    charge_from,
    decimal_of,
    money_from,
    reference_of,
)
from consulta.providers.payments.port import (
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    ProviderUnavailable,
)
from tests.providers.payment_benches import PRICE, key, order, yesterday
from tests.providers.paytabs_account import PAYMENT, paytabs_at
from tests.providers.scripted_server import Answer, running_script


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [("12.3", "AED", 1_230), ("500.00", "JPY", 500), ("1.3", "KWD", 1_300), (7, "USD", 700),
     (Decimal("46.17"), "AED", 4_617)],
)  # fmt: skip
def test_amounts_are_read_in_any_of_their_shapes(written: Any, currency: str, minor: int) -> None:
    assert money_from(written, currency) == Money(minor, currency)
    assert money_from(f"{decimal_of(Money(minor, currency)):f}", currency).amount_minor == minor


@pytest.mark.parametrize(
    "written", ["", "1e3", "NaN", "-1", "1.005", "0x1", "1,5", " 1", "9" * 40, None, True, 1.5, []]
)
def test_what_is_no_amount_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="amount"):
        money_from(written, "USD")


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "tran_ref": "TST1", "tran_type": "Auth", "cart_id": PAYMENT, "cart_currency": "USD",
        "cart_amount": "200.00", "cart_description": "auth:operation-1",
        "payment_result": {"response_status": "A", "response_code": "G1",
                           "transaction_time": "2026-02-13T07:28:52Z"},
    } | changes  # fmt: skip


def test_transactions_of_other_carts_are_not_ours() -> None:
    cart = cart_from(PAYMENT, [transaction(cart_id="another"), transaction(tran_type="SALE")])
    assert charge_from(cart, PRICE).captured_minor == 20_000
    assert charge_from(cart, PRICE).created_at == datetime(2026, 2, 13, 7, 28, 52, tzinfo=UTC)


def test_a_page_that_is_told_before_it_is_paid_waits() -> None:
    open_page = transaction(tran_ref="TST2", payment_result=None)
    waiting = charge_from(cart_from(PAYMENT, open_page), PRICE)
    assert (waiting.state, waiting.error_code) == (ChargeState.PENDING, None)


def test_a_release_that_does_not_say_of_what_is_of_everything() -> None:
    cart = cart_from(PAYMENT, [transaction(), transaction(tran_ref="TST2", tran_type="Void")])
    assert charge_from(cart, PRICE).state is ChargeState.CANCELLED


@pytest.mark.parametrize(
    "answer",
    [7, "text", [7], [None], [{}], [transaction(tran_ref=7)], [transaction(cart_amount="x")],
     [transaction(cart_amount="1.005")], [transaction(cart_currency="dollar")],
     [transaction(payment_result={"response_status": "A", "transaction_time": "yesterday"})]],
)  # fmt: skip
async def test_nonsense_is_doubt(answer: Any) -> None:
    async with running_script() as script:
        provider = paytabs_at(script.url)
        script.will_answer(Answer(answer))
        with pytest.raises(ProviderUnavailable):
            await provider.fetch(reference_of(PAYMENT, PRICE))
        await provider.close()


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"redirect_url": 7}, {"redirect_url": "javascript:alert(1)"},
     {"code": "x", "redirect_url": "https://x"}],
)  # fmt: skip
async def test_a_page_without_an_address_is_doubt(answer: Any) -> None:
    async with running_script() as script:
        provider = paytabs_at(script.url)
        script.will_answer(Answer([]), Answer(answer))
        with pytest.raises(ProviderUnavailable):
            await provider.authorize(order(), idempotency_key=key())
        await provider.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [(2, "invalid_request"), (206, "currency_mismatch"), (316, "insufficient_funds")],
)
async def test_a_definite_no_has_a_word(code: int, reason: str) -> None:
    async with running_script() as script:
        provider = paytabs_at(script.url)
        script.will_answer(Answer([]), Answer({"code": code, "message": "x"}, status=400))
        with pytest.raises(ChargeRefused) as refused:
            await provider.authorize(order(), idempotency_key=key())
        assert refused.value.reason == reason
        await provider.close()


@pytest.mark.parametrize(("code", "wait"), [(1, None), (4, 120.0), (400, None), (600, None)])
async def test_a_repetition_and_a_failure_are_doubt(code: int, wait: float | None) -> None:
    async with running_script() as script:
        provider = paytabs_at(script.url)
        script.will_answer(Answer([]), Answer({"code": code, "message": "x"}, status=400))
        with pytest.raises(ProviderUnavailable) as raised:
            await provider.authorize(order(), idempotency_key=key())
        assert raised.value.retry_after_seconds == wait
        await provider.close()


async def test_a_transaction_that_is_told_as_failed_took_nothing() -> None:
    async with running_script() as script:
        provider = paytabs_at(script.url)
        failed = transaction(
            tran_ref="TST2", tran_type="Capture", payment_result={"response_status": "D"}
        )
        script.will_answer(Answer([transaction()]), Answer(failed), Answer([transaction(), failed]))
        with pytest.raises(ChargeRefused) as refused:
            await provider.capture(reference_of(PAYMENT, PRICE), PRICE, idempotency_key="o-2")
        assert not isinstance(refused.value, ChargeStateConflict)
        assert refused.value.charge is not None
        assert refused.value.charge.state is ChargeState.AUTHORIZED
        await provider.close()


async def test_a_capture_that_is_not_decided_is_doubt() -> None:
    async with running_script() as script:
        provider = paytabs_at(script.url)
        waiting = transaction(
            tran_ref="TST2", tran_type="Capture", payment_result={"response_status": "P"}
        )
        script.will_answer(Answer([transaction()]), Answer(waiting))
        with pytest.raises(ProviderUnavailable):
            await provider.capture(reference_of(PAYMENT, PRICE), PRICE, idempotency_key="o-2")
        await provider.close()


async def test_a_cart_that_is_not_found_is_empty() -> None:
    async with running_script() as script:
        provider = paytabs_at(script.url)
        script.will_answer(Answer({"code": 2, "message": "not found"}, status=404))
        assert await provider.find(PAYMENT, created_after=yesterday()) is None
        assert await provider.find("not an id", created_after=yesterday()) is None
        assert len(script.requests) == 1
        await provider.close()
