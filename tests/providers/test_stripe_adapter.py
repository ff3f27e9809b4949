"""The Stripe adapter: charges in our words, and what crosses the wire."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import stripe

from consulta.kernel.money import Money
from consulta.providers.payments import stripe as adapter
from consulta.providers.payments.port import (
    AuthorizeOrder,
    ChargeRefused,
    ChargeState,
    ProviderUnavailable,
)
from consulta.providers.payments.stripe import StripeProvider
from consulta.providers.payments.stripe_translation import charge_from, money_from, stripe_amount
from tests.providers.scripted_server import Answer, Script, running_script
from tests.providers.stripe_answers import (
    NOW,
    PAYMENT,
    PRICE,
    SECRET_KEY,
    failure,
    intent,
    settled,
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


# --- a charge in our words


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("requires_payment_method", ChargeState.PENDING),
        ("requires_confirmation", ChargeState.PENDING),
        ("requires_action", ChargeState.REQUIRES_ACTION),
        ("processing", ChargeState.PROCESSING),
        ("requires_capture", ChargeState.AUTHORIZED),
        ("succeeded", ChargeState.PAID),
        ("canceled", ChargeState.CANCELLED),
    ],
)
def test_every_status_has_a_state(status: str, state: ChargeState) -> None:
    charge = charge_from(intent(status=status))
    assert charge.state is state
    assert (charge.next_action is not None) == (
        state in (ChargeState.PENDING, ChargeState.REQUIRES_ACTION)
    )
    assert (charge.capture_before is not None) == (state is ChargeState.AUTHORIZED)


def test_an_authorisation_tells_when_it_lapses() -> None:
    charge = charge_from(intent())
    assert charge.capture_before == datetime.fromtimestamp(NOW, tz=UTC) + timedelta(days=7)
    assert (charge.authorized_minor, charge.payment_id) == (20_000, PAYMENT)
    bare = charge_from(intent(latest_charge=settled(payment_method_details=None)))
    assert bare.capture_before is None


def test_sums_come_from_the_latest_charge() -> None:
    charge = charge_from(
        intent(
            status="succeeded",
            latest_charge=settled(amount_captured=15_000, amount_refunded=5_000, disputed=True),
        )
    )
    assert (charge.captured_minor, charge.refunded_minor) == (15_000, 5_000)
    assert charge.disputed
    unexpanded = charge_from(intent(status="succeeded", amount_received=9, latest_charge="ch_1"))
    assert (unexpanded.captured_minor, unexpanded.refunded_minor) == (9, 0)


def test_what_failed_has_not_gone_back_whatever_the_sum_says() -> None:
    def told(name: str, amount: int, status: str) -> dict[str, object]:
        return {"id": name, "amount": amount, "currency": "usd", "status": status}

    refunds = {"data": [told("re_2", 2_000, "pending"), told("re_1", 3_000, "failed")]}
    for sum_told in (2_000, 5_000):
        paid = settled(amount_captured=15_000, amount_refunded=sum_told)
        charge = charge_from(
            intent(
                status="succeeded", latest_charge=paid | {"refunds": refunds | {"has_more": False}}
            )
        )
        assert charge.refunded_minor == 2_000
        assert [one.has_failed for one in charge.refunds or ()] == [True, False]
    untold = charge_from(
        intent(status="succeeded", latest_charge=paid | {"refunds": refunds | {"has_more": True}})
    )
    assert (untold.refunded_minor, untold.refunds) == (5_000, None)


def test_a_redirect_is_told_with_its_address() -> None:
    redirect = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example/3ds"}}
    charge = charge_from(intent(status="requires_action", next_action=redirect))
    assert charge.next_action is not None
    assert (charge.next_action.kind, charge.next_action.url) == (
        "redirect",
        "https://bank.example/3ds",
    )


def test_the_record_of_a_charge_names_nobody_and_opens_nothing() -> None:
    for status in ("requires_action", "succeeded", "requires_payment_method"):
        charge = charge_from(intent(status=status, last_payment_error={"code": "card_declined"}))
        told = json.dumps(dict(charge.raw)) + repr(charge)
        for private in ("anna", "Anna", "hush"):
            assert private not in told


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(1_234, "USD"), 1_234),
        (Money(500, "JPY"), 500),
        (Money(12_340, "BHD"), 12_340),
        (Money(900, "ISK"), 90_000),
        (Money(7, "UGX"), 700),
        (Money(300, "MGA"), 3),
    ],
)
def test_amounts_are_in_the_units_of_stripe(money: Money, amount: int) -> None:
    assert stripe_amount(money) == amount
    assert money_from(amount, money.currency.lower()) == money


def test_an_amount_that_stripe_does_not_have_is_refused() -> None:
    with pytest.raises(ChargeRefused) as refused:
        stripe_amount(Money(301, "MGA"))
    assert refused.value.reason == "amount_not_representable"
    with pytest.raises(ValueError, match="whole"):
        money_from(90_001, "isk")


# --- what crosses the wire


async def sent(script: Script, provider: StripeProvider, order: AuthorizeOrder) -> dict[str, str]:
    script.will_answer(Answer(intent()))
    await provider.authorize(order, idempotency_key="operation-1")
    head, _, body = script.requests[-1].partition("\r\n\r\n")
    assert "idempotency-key: operation-1" in head.lower()
    assert f"authorization: bearer {SECRET_KEY}".lower() in head.lower()
    assert "x-stripe-client-telemetry" not in head.lower()
    return {name: values[0] for name, values in parse_qs(body).items()}


async def test_a_waiting_order_names_only_ids(script: Script, provider: StripeProvider) -> None:
    order = AuthorizeOrder(
        payment_id=PAYMENT,
        amount=PRICE,
        payment_method=None,
        off_session=True,
        metadata={"booking": "b-1", "note": "anxiety, 2nd visit"},
    )
    assert await sent(script, provider, order) == {
        "amount": "20000",
        "currency": "usd",
        "capture_method": "manual",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "metadata[booking]": "b-1",
        "metadata[consulta_payment]": PAYMENT,
        "expand[0]": "latest_charge",
    }


async def test_a_method_is_confirmed_at_once(script: Script, provider: StripeProvider) -> None:
    order = AuthorizeOrder(
        payment_id=PAYMENT,
        amount=PRICE,
        payment_method="pm_card_visa",
        capture_now=True,
        off_session=True,
        return_url="https://app.example/return",
    )
    form = await sent(script, provider, order)
    assert form["capture_method"] == "automatic"
    assert (form["payment_method"], form["confirm"]) == ("pm_card_visa", "true")
    assert form["off_session"] == "true"
    assert form["return_url"] == "https://app.example/return"
    assert form["automatic_payment_methods[allow_redirects]"] == "always"


async def test_a_caller_cannot_overwrite_our_id(script: Script, provider: StripeProvider) -> None:
    order = AuthorizeOrder(
        payment_id=PAYMENT, amount=PRICE, metadata={"consulta_payment": "another"}
    )
    assert (await sent(script, provider, order))["metadata[consulta_payment]"] == PAYMENT


async def test_every_change_carries_the_given_key(script: Script, provider: StripeProvider) -> None:
    refund = {"id": "re_1", "amount": 1, "currency": "usd", "status": "requires_action"}
    script.will_answer(Answer(intent()), Answer(intent()), Answer(refund), Answer(intent()))
    await provider.capture("pi_1", PRICE, idempotency_key="operation-1")
    await provider.cancel("pi_1", idempotency_key="operation-2")
    told, _ = await provider.refund("pi_1", Money(1, "USD"), idempotency_key="operation-3")
    assert told.state == "pending"
    posts = [request for request in script.requests if request.startswith("POST")]
    assert ["/capture" in posts[0], "/cancel" in posts[1], "/refunds" in posts[2]] == [True] * 3
    for number, post in enumerate(posts, start=1):
        assert f"idempotency-key: operation-{number}" in post.lower()


async def test_two_accounts_use_two_keys(script: Script) -> None:
    one, two = stripe_at(script.url), stripe_at(script.url, secret_key="rk_live_2")
    script.will_answer(Answer(intent(), headers={"request-id": "req_1"}))
    for provider in (one, two, one):
        await provider.fetch("pi_1")
        assert provider.publishable_key == "pk_test_1"
    used = [request.partition("Authorization: Bearer ")[2] for request in script.requests]
    assert [key.split("\r\n")[0] for key in used] == [SECRET_KEY, "rk_live_2", SECRET_KEY]
    assert stripe.api_key is None
    assert not any("telemetry" in request.lower() for request in script.requests)
    for provider in (one, two):
        await provider.close()


async def test_nothing_private_is_logged(
    script: Script, provider: StripeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    error = failure(type="card_error", payment_intent=intent(status="requires_action"))
    script.will_answer(Answer(intent(status="requires_action")), Answer(error, status=402))
    with caplog.at_level(logging.DEBUG):
        await provider.fetch("pi_1")
        with pytest.raises(ChargeRefused):
            await provider.capture("pi_1", PRICE, idempotency_key="operation-1")
    for private in ("hush", "anna", "Anna", SECRET_KEY):
        assert private not in caplog.text


# --- lists


def page(*intents: dict[str, Any], has_more: bool = False) -> Answer:
    return Answer({"object": "list", "data": list(intents), "has_more": has_more, "url": "/v1/x"})


async def test_pages_are_followed_and_strangers_passed_over(
    script: Script, provider: StripeProvider
) -> None:
    strangers = [intent(id="pi_3", metadata={}), intent(id="pi_2", metadata=None, amount="odd")]
    script.will_answer(page(intent(), *strangers, has_more=True), page(intent(id="pi_0")))
    since = datetime.fromtimestamp(NOW, tz=UTC)
    told = [charge.reference async for charge in provider.recent(since)]
    assert told == ["pi_1", "pi_0"]
    assert "starting_after=pi_2" in script.requests[1]
    assert f"created[gte]={NOW}" in script.requests[0]


async def test_an_endless_list_is_not_called_complete(
    script: Script, provider: StripeProvider
) -> None:
    script.will_answer(page(intent(metadata={}), has_more=True))
    with pytest.raises(ProviderUnavailable):
        await provider.find(PAYMENT, created_after=datetime.fromtimestamp(NOW, tz=UTC))
    assert len(script.requests) == adapter.PAGES_MAX


async def test_an_empty_page_that_promises_more_ends(
    script: Script, provider: StripeProvider
) -> None:
    script.will_answer(page(has_more=True))
    assert [charge async for charge in provider.recent(datetime.now(UTC))] == []


async def test_a_late_charge_is_found_beyond_the_likely_hour(
    script: Script, provider: StripeProvider
) -> None:
    stranger = intent(id="pi_9", metadata={"consulta_payment": "another"})
    script.will_answer(page(stranger), page(stranger, intent()))
    start = datetime.fromtimestamp(NOW, tz=UTC)
    found = await provider.find(PAYMENT, created_after=start)
    assert found is not None
    assert found.reference == "pi_1"
    assert f"created[lte]={NOW + 3600}" in script.requests[0]
    assert f"created[gt]={NOW + 3600}" in script.requests[1]
