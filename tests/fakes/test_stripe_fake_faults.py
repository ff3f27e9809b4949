"""Faults on order: errors, delays, lost answers, and the hook that a crash harness counts by."""

import time
from typing import Any

import httpx
import pytest
import stripe

from tests.fakes.stripe import FakeStripe
from tests.fakes.stripe.machine import Request
from tests.fakes.stripe.serve import ConnectionDropped
from tests.fakes.stripe.shop import SDK_WARNING, Shop, open_shop, refusal

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

KEY = {"idempotency_key": "op-1"}


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


async def test_a_lost_answer_has_happened(shop: Shop) -> None:
    shop.control.drop_next()
    await refusal(shop.intent("pm_card_visa", options=KEY), stripe.APIConnectionError)
    assert shop.control.state()["payment_intents"] == {"requires_capture": 1}
    (entry,) = shop.control.requests()
    assert (entry["outcome"], entry["status"]) == ("dropped", None)
    intent = await shop.intent("pm_card_visa", options=KEY)
    assert intent.status == "requires_capture"
    assert shop.control.state()["payment_intents"] == {"requires_capture": 1}


async def test_a_request_that_never_arrived_has_not_happened(shop: Shop) -> None:
    shop.control.drop_next(phase="before")
    await refusal(shop.intent(options=KEY), stripe.APIConnectionError)
    assert shop.control.objects("payment_intent") == []
    assert (await shop.intent(options=KEY)).status == "requires_payment_method"


async def test_the_sdk_repeats_a_lost_answer_with_one_effect() -> None:
    async with open_shop(retries=2) as shop:
        shop.control.drop_next(2)
        intent = await shop.intent("pm_card_visa")
        assert [intent.id] == [made["id"] for made in shop.control.objects("payment_intent")]
        outcomes = [entry["outcome"] for entry in shop.control.requests()]
        assert outcomes == ["dropped", "dropped", "replayed"]
        assert shop.control.faults_pending() == 0


async def test_a_fault_strikes_only_what_it_is_meant_for(shop: Shop) -> None:
    shop.control.fail_next(status=503, method="POST", path=r"/capture$")
    intent = await shop.intent("pm_card_visa")
    assert (await shop.read(intent.id)).status == "requires_capture"
    assert shop.control.faults_pending() == 1
    error = await refusal(shop.v1.payment_intents.capture_async(intent.id), stripe.APIError)
    assert error.http_status == 503
    assert shop.control.faults_pending() == 0
    assert (await shop.v1.payment_intents.capture_async(intent.id)).status == "succeeded"


async def test_a_rate_limit_is_told_with_its_headers(shop: Shop) -> None:
    shop.control.fail_next(
        status=429, headers={"retry-after": "2", "stripe-rate-limited-reason": "global-rate"}
    )
    error = await refusal(shop.intent(options=KEY), stripe.RateLimitError)
    assert (error.http_status, error.error.code) == (429, "rate_limit")
    assert error.headers["retry-after"] == "2"
    assert (await shop.intent(options=KEY)).amount == 1000


async def test_stripe_says_whether_to_try_again() -> None:
    async with open_shop(retries=2) as shop:
        shop.control.fail_next(status=500, should_retry=False)
        await refusal(shop.intent(), stripe.APIError)
        shop.control.fail_next(status=500)
        assert (await shop.intent()).amount == 1000
        assert len(shop.control.requests()) == 3


async def test_an_error_of_any_shape_can_be_ordered(shop: Shop) -> None:
    shop.control.fail_next(
        status=429, kind="invalid_request_error", code="lock_timeout", message="Try again."
    )
    error = await refusal(shop.intent(), stripe.RateLimitError)
    assert (error.error.code, error.user_message) == ("lock_timeout", "Try again.")


async def test_an_answer_can_come_late(shop: Shop) -> None:
    shop.control.delay_next(0.15, phase="after")
    began = time.monotonic()
    await shop.intent()
    assert time.monotonic() - began >= 0.15


async def test_cleared_faults_strike_nobody(shop: Shop) -> None:
    shop.control.fail_next(5)
    shop.control.clear_faults()
    assert (await shop.intent()).amount == 1000


async def test_the_hook_is_called_around_what_is_executed() -> None:
    calls: list[tuple[str, str]] = []
    counts: list[int] = []
    opened: list[Shop] = []

    def hook(name: str, phase: str) -> None:
        calls.append((name, phase))
        counts.append(len(opened[0].control.objects("payment_intent")))

    async with open_shop(on_event=hook) as shop:
        opened.append(shop)
        await shop.intent(options=KEY)
        await shop.intent(options=KEY)
        await refusal(shop.intent(amount=0), stripe.InvalidRequestError)
    assert calls == [
        ("payment_intents.create", "before"),
        ("payment_intents.create", "after"),
        ("payment_intents.create", "before"),
        ("payment_intents.create", "after"),
    ]
    assert counts == [0, 1, 1, 1]


async def test_a_hook_that_breaks_off_leaves_the_key_free() -> None:
    broken: list[str] = []

    async def hook(name: str, phase: str) -> None:
        if not broken:
            broken.append(phase)
            raise RuntimeError("killed")

    fake = FakeStripe(on_event=hook)
    request = Request(
        "POST", "/v1/customers", b"", api_key="sk_test_0123456789", idempotency_key="k"
    )
    with pytest.raises(RuntimeError):
        await fake.answer(request)
    reply = await fake.answer(request)
    assert reply is not None
    assert reply.status == 200
    assert fake.control.state()["events"] == {"customer.created": 1}


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
async def test_a_hook_may_drop_the_connection(when: str, made: int) -> None:
    async def hook(name: str, phase: str) -> None:
        if phase == when:
            raise ConnectionDropped

    fake = FakeStripe(on_event=hook)
    request = Request("POST", "/v1/customers", b"", api_key="sk_test_0123456789")
    assert await fake.answer(request) is None
    assert len(fake.control.objects("customer")) == made


async def test_without_a_socket_a_lost_answer_is_an_exception() -> None:
    fake = FakeStripe()
    fake.control.drop_next()
    transport = httpx.ASGITransport(app=fake.app)
    headers = {"authorization": "Bearer sk_test_0123456789"}
    async with httpx.AsyncClient(transport=transport, base_url="http://stripe.test") as inside:
        with pytest.raises(ConnectionDropped):
            await inside.post("/v1/customers", headers=headers)
        listed = await inside.get("/v1/customers", headers=headers)
    assert len(listed.json()["data"]) == 1
