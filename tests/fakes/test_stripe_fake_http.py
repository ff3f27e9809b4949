"""The payer's browser, the control over HTTP, and the fake as a process of its own."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import stripe

from tests.fakes.stripe.shop import NO_REDIRECTS, SDK_WARNING, Shop, new_key, open_shop, sdk_client

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


@pytest.fixture
async def browser() -> Any:
    async with httpx.AsyncClient(trust_env=False) as browser:
        yield browser


def publishable(shop: Shop) -> dict[str, str]:
    return {"authorization": "Bearer " + shop.key.replace("sk_", "pk_")}


async def test_a_browser_confirms_with_the_client_secret(
    shop: Shop, browser: httpx.AsyncClient
) -> None:
    intent = await shop.intent()
    url = f"{shop.url}/_fake/payment_intents/{intent.id}/browser_confirm"
    body = {"client_secret": intent.client_secret, "payment_method": "pm_card_chargeDeclined"}
    declined = await browser.post(url, json=body, headers=publishable(shop))
    assert (declined.status_code, declined.json()["error"]["code"]) == (402, "card_declined")
    body["payment_method"] = "pm_card_visa"
    confirmed = await browser.post(url, json=body, headers=publishable(shop))
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "requires_capture")
    again = await browser.post(url, json=body, headers=publishable(shop))
    assert again.json()["error"]["code"] == "payment_intent_unexpected_state"


async def test_a_browser_without_secret_or_with_a_strange_key_finds_nothing(
    shop: Shop, browser: httpx.AsyncClient
) -> None:
    intent = await shop.intent()
    url = f"{shop.url}/_fake/payment_intents/{intent.id}/browser_confirm"
    body = {"payment_method": "pm_card_visa"}
    secret = {"client_secret": intent.client_secret}
    stranger = {"authorization": f"Bearer {new_key('pk_test')}"}
    replies = [
        await browser.post(url, json=body, headers=publishable(shop)),
        await browser.post(url, json=body | secret, headers=stranger),
    ]
    assert [reply.status_code for reply in replies] == [404, 404]
    nobody = await browser.post(url, json=body | secret)
    assert nobody.status_code == 401
    assert (await shop.read(intent.id)).status == "requires_payment_method"


@pytest.mark.parametrize(
    ("answer", "status"), [("true", "requires_capture"), ("false", "requires_payment_method")]
)
async def test_the_bank_page_sends_the_payer_back_to_the_shop(
    shop: Shop, browser: httpx.AsyncClient, answer: str, status: str
) -> None:
    intent = await shop.v1.payment_intents.create_async(
        {
            "amount": 1000,
            "currency": "usd",
            "capture_method": "manual",
            "payment_method": "pm_card_threeDSecure2Required",
            "confirm": True,
            "return_url": "https://shop.example/done?n=1",
        }
    )
    assert intent.next_action.type == "redirect_to_url"
    bank = intent.next_action.redirect_to_url.url
    assert bank.startswith(shop.url)
    page = await browser.get(bank)
    assert "Complete" in page.text
    back = await browser.post(bank, data={"succeed": answer})
    assert back.status_code == 303
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert query["n"] == ["1"]
    assert query["payment_intent"] == [intent.id]
    assert query["redirect_status"] == ["succeeded" if answer == "true" else "failed"]
    assert (await shop.read(intent.id)).status == status


async def test_a_setup_is_confirmed_and_authenticated_in_the_browser(
    shop: Shop, browser: httpx.AsyncClient
) -> None:
    customer = await shop.v1.customers.create_async({})
    setup = await shop.v1.setup_intents.create_async(
        {"customer": customer.id, "automatic_payment_methods": NO_REDIRECTS}
    )
    base = f"{shop.url}/_fake/setup_intents/{setup.id}"
    secret = {"client_secret": setup.client_secret}
    asked = await browser.post(
        f"{base}/browser_confirm",
        json=secret | {"payment_method": "pm_card_authenticationRequired"},
        headers=publishable(shop),
    )
    assert asked.json()["status"] == "requires_action"
    done = await browser.post(f"{base}/authenticate", json=secret | {"succeed": True})
    assert done.json()["status"] == "succeeded"
    method = await shop.v1.payment_methods.retrieve_async(done.json()["payment_method"])
    assert method.customer == customer.id


async def test_a_declined_setup_says_so(shop: Shop) -> None:
    with pytest.raises(stripe.CardError) as refused:
        await shop.v1.setup_intents.create_async(
            {
                "payment_method": "pm_card_chargeDeclined",
                "confirm": True,
                "automatic_payment_methods": NO_REDIRECTS,
            }
        )
    error: Any = refused.value.error
    setup = await shop.v1.setup_intents.cancel_async(error.setup_intent.id)
    assert setup.status == "canceled"


async def test_the_control_is_the_same_over_http(shop: Shop, browser: httpx.AsyncClient) -> None:
    async def command(verb: str, **arguments: Any) -> Any:
        reply = await browser.post(f"{shop.url}/_fake/{verb}", json=arguments)
        assert reply.status_code == 200, reply.text
        return reply.json()["result"]

    await command("hold_webhooks")
    await command("add_webhook", url="http://127.0.0.1:9/none", secret="whsec_x")
    intent = await shop.intent("pm_card_authenticationRequired")
    assert len(await command("deliveries", state="held")) == 2
    done = await command("complete_action", intent_id=intent.id, succeed=True)
    assert done["status"] == "requires_capture"
    await command("expire_authorization", intent_id=intent.id)
    assert (await command("state", key=shop.key))["payment_intents"] == {"canceled": 1}
    await command("fail_next", status=503, times=2)
    assert await command("faults_pending") == 2
    await command("clear_faults")
    assert [entry["operation"] for entry in await command("requests", method="POST")] == [
        "payment_intents.create"
    ]
    assert (await command("get", reference=intent.id))["cancellation_reason"] == "expired"
    await command("reset")
    assert await command("objects", kind="payment_intent") == []


@pytest.mark.parametrize(
    ("verb", "arguments", "status"),
    [
        ("unheard_of", {}, 404),
        ("_at", {}, 404),
        ("complete_action", {"intent_id": "pi_none"}, 404),
        ("complete_action", {}, 400),
        ("set_webhook_mode", {"mode": "sideways"}, 400),
        ("advance", {"seconds": -1}, 400),
    ],
)
async def test_a_wrong_command_is_told(
    shop: Shop, browser: httpx.AsyncClient, verb: str, arguments: dict[str, Any], status: int
) -> None:
    reply = await browser.post(f"{shop.url}/_fake/{verb}", json=arguments)
    assert reply.status_code == status
    assert reply.json()["error"]


async def test_a_body_that_is_no_form_is_refused(shop: Shop, browser: httpx.AsyncClient) -> None:
    headers = {"authorization": f"Bearer {shop.key}"}
    for body in (b"\xff\xfe=1", b"amount", b"a[b=1", b"amount=1&amount[x]=2"):
        reply = await browser.post(f"{shop.url}/v1/customers", content=body, headers=headers)
        assert (reply.status_code, reply.json()["error"]["type"]) == (
            400,
            "invalid_request_error",
        )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_the_fake_is_a_process_of_its_own(stop: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.fakes.stripe", "--port", "0"),
        *("--webhook-url", "http://127.0.0.1:9/none", "--webhook-secret", "whsec_x"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        url = line.decode().strip()
        assert url.startswith("http://127.0.0.1:")
        async with sdk_client(url, key=new_key()) as client:
            made = await client.v1.payment_intents.create_async({"amount": 1000, "currency": "usd"})
        assert made.status == "requires_payment_method"
        process.send_signal(stop)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
