"""The idempotency store: one effect and one answer for each key, as Stripe keeps them."""

import asyncio
import json
from typing import Any

import httpx
import pytest
import stripe

from tests.fakes.stripe.shop import SDK_WARNING, Shop, new_key, open_shop, refusal, sdk_client

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

KEY = {"idempotency_key": "op-1"}


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


async def post(shop: Shop, path: str, form: dict[str, str], key: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {shop.key}", "idempotency-key": key}
    async with httpx.AsyncClient(trust_env=False) as browser:
        return await browser.post(f"{shop.url}/v1/{path}", data=form, headers=headers)


async def test_a_repeated_key_gets_the_same_bytes_and_no_second_object(shop: Shop) -> None:
    form = {"amount": "1000", "currency": "usd"}
    first = await post(shop, "payment_intents", form, "a")
    again = await post(shop, "payment_intents", form, "a")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert len(shop.control.objects("payment_intent")) == 1
    assert [entry["outcome"] for entry in shop.control.requests()] == ["executed", "replayed"]


async def test_other_parameters_under_the_same_key_are_refused(shop: Shop) -> None:
    await shop.intent(options=KEY)
    error = await refusal(shop.intent(amount=1001, options=KEY), stripe.IdempotencyError)
    assert (error.http_status, error.error.type) == (400, "idempotency_error")
    other_path = shop.v1.customers.create_async({}, KEY)
    await refusal(other_path, stripe.IdempotencyError)
    assert len(shop.control.objects("payment_intent")) == 1


async def test_a_decline_is_replayed(shop: Shop) -> None:
    first = await refusal(shop.intent("pm_card_chargeDeclined", options=KEY), stripe.CardError)
    again = await refusal(shop.intent("pm_card_chargeDeclined", options=KEY), stripe.CardError)
    assert first.json_body == again.json_body
    assert again.headers["idempotent-replayed"] == "true"
    assert shop.control.state()["charges"] == {"failed": 1}


async def test_a_refused_parameter_is_not_kept(shop: Shop) -> None:
    await refusal(shop.intent(amount="ten", options=KEY), stripe.InvalidRequestError)
    assert (await shop.intent(options=KEY)).amount == 1000


async def test_a_refused_state_is_kept(shop: Shop) -> None:
    intent = await shop.intent(payment_method="pm_card_visa")
    capture = shop.v1.payment_intents.capture_async
    await refusal(capture(intent.id, {}, KEY), stripe.InvalidRequestError)
    await shop.v1.payment_intents.confirm_async(intent.id)
    await refusal(capture(intent.id, {}, KEY), stripe.InvalidRequestError)
    assert (await capture(intent.id, {}, {"idempotency_key": "op-2"})).status == "succeeded"


async def test_a_running_key_is_in_conflict(shop: Shop) -> None:
    shop.control.delay_next(0.3)
    first = asyncio.create_task(shop.intent(options=KEY))
    await asyncio.sleep(0.1)
    error = await refusal(shop.intent(options=KEY), stripe.APIError)
    assert (error.http_status, error.error.code) == (409, "idempotency_key_in_use")
    made = await first
    assert (await shop.intent(options=KEY)).id == made.id


async def test_the_sdk_waits_out_a_conflict() -> None:
    async with open_shop(retries=2) as shop:
        shop.control.delay_next(0.2)
        first, second = await asyncio.gather(shop.intent(options=KEY), shop.intent(options=KEY))
        assert first.id == second.id
        assert {entry["outcome"] for entry in shop.control.requests()} == {
            "executed",
            "refused",
            "replayed",
        }


async def test_keys_are_forgotten_after_a_day(shop: Shop) -> None:
    first = await shop.intent(options=KEY)
    await shop.control.advance(24 * 3600 - 10)
    assert (await shop.intent(options=KEY)).id == first.id
    await shop.control.advance(11)
    assert (await shop.intent(options=KEY)).id != first.id


async def test_keys_can_be_forgotten_at_once(shop: Shop) -> None:
    first = await shop.intent(options=KEY)
    assert shop.control.forget_idempotency_keys("another") == 0
    assert shop.control.forget_idempotency_keys("op-1") == 1
    assert (await shop.intent(options=KEY)).id != first.id


async def test_two_accounts_may_use_the_same_key(shop: Shop) -> None:
    first = await shop.intent(options=KEY)
    async with sdk_client(shop.url, key=new_key()) as other:
        second = await other.v1.payment_intents.create_async(
            {"amount": 1000, "currency": "usd"}, {"idempotency_key": "op-1"}
        )
    assert first.id != second.id


async def test_a_key_has_a_longest_length(shop: Shop) -> None:
    options = {"idempotency_key": "k" * 256}
    error = await refusal(shop.intent(options=options), stripe.InvalidRequestError)
    assert "255" in error.user_message


async def test_a_stored_failure_is_given_again_until_the_key_is_forgotten(shop: Shop) -> None:
    shop.control.fail_next(status=500, stored=True, should_retry=False)
    first = await refusal(shop.intent(options=KEY), stripe.APIError)
    again = await refusal(shop.intent(options=KEY), stripe.APIError)
    assert (first.http_status, first.http_body) == (500, again.http_body)
    assert first.headers["stripe-should-retry"] == again.headers["stripe-should-retry"] == "false"
    assert shop.control.objects("payment_intent") == []
    shop.control.forget_idempotency_keys()
    assert (await shop.intent(options=KEY)).amount == 1000


async def test_a_stored_failure_may_hide_what_happened(shop: Shop) -> None:
    shop.control.fail_next(status=500, stored=True, executes=True)
    for _ in range(2):
        await refusal(shop.intent("pm_card_visa", options=KEY), stripe.APIError)
    assert shop.control.state()["payment_intents"] == {"requires_capture": 1}


async def test_a_failure_on_the_way_back_leaves_the_true_answer_under_the_key(
    shop: Shop,
) -> None:
    shop.control.fail_next(status=502, executes=True)
    await refusal(shop.intent("pm_card_visa", options=KEY), stripe.APIError)
    intent = await shop.intent("pm_card_visa", options=KEY)
    assert [intent.id] == [made["id"] for made in shop.control.objects("payment_intent")]


async def test_an_event_names_the_key_of_its_request(shop: Shop) -> None:
    await shop.intent(options=KEY)
    (event,) = (await shop.v1.events.list_async()).data
    assert event.request.idempotency_key == "op-1"
    (entry,) = shop.control.requests(method="POST")
    assert event.request.id == entry["request_id"]
    assert json.loads(json.dumps(entry))["idempotency_key"] == "op-1"
