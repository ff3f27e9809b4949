"""The fake Razorpay, held against the vendor's documentation and not against our adapter."""

import asyncio
import hashlib
import hmac
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.razorpay import FakeRazorpay, running_fake_razorpay

ROOT = Path(__file__).resolve().parents[2]
ORDER = {"amount": 50_000, "currency": "INR", "receipt": "r-1"}
MANUAL = {"capture": "manual", "capture_options": {"refund_speed": "normal"}}


class Api:
    """The vendor's API as a merchant speaks to it."""

    def __init__(self, http: httpx.AsyncClient, fake: FakeRazorpay) -> None:
        self.http, self.control = http, fake.control

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.http.request(method, f"/v1{path}", json=body, headers=names)
        return answer.status_code, answer.json()

    async def refusal(self, method: str, path: str, body: Any = None, **headers: str) -> str:
        status, content = await self.ask(method, path, body, **headers)
        assert (status, content["error"]["code"]) == (400, "BAD_REQUEST_ERROR")
        return str(content["error"]["description"])

    async def paid(self, *, capture: bool = True, **changes: Any) -> str:
        """A payment that was authorised, and captured if so."""
        _, order = await self.ask("POST", "/orders", ORDER | changes)
        payment = self.control.pay(order["id"])["razorpay_payment_id"]
        if capture:
            body = {"amount": order["amount"], "currency": order["currency"]}
            status, _ = await self.ask("POST", f"/payments/{payment}/capture", body)
            assert status == 200
        return payment


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with running_fake_razorpay() as (fake, url):
        auth = ("rzp_test_fake", "secret_fake")
        async with httpx.AsyncClient(base_url=url, auth=auth, trust_env=False) as http:
            yield Api(http, fake)


async def test_a_key_opens_its_account_only(api: Api) -> None:
    _, order = await api.ask("POST", "/orders", ORDER)
    api.control.open_account("rzp_test_other", "other")
    for auth, status in (
        (("rzp_test_fake", "wrong"), 401),
        (("rzp_test_nobody", ""), 401),
        (("rzp_test_other", "other"), 400),
        (("rzp_test_fake", "secret_fake"), 200),
    ):
        answer = await api.http.get(f"/v1/orders/{order['id']}", auth=auth)
        assert answer.status_code == status
    bare = {"authorization": "Bearer rzp_test_fake"}
    assert (await api.http.get("/v1/orders", headers=bare, auth=lambda sent: sent)).is_error


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": 99}, "at least INR 1.00"),
        ({"amount": "50000"}, "integer"),
        ({"amount": 500.0}, "integer"),
        ({"currency": "rupee"}, "currency"),
        ({"amount": 99_991, "currency": "KWD"}, "last digit"),
        ({"receipt": "x" * 41}, "40 characters"),
        ({"customer": "Anna"}, "should not be sent"),
        ({"notes": {str(number): "x" for number in range(16)}}, "notes"),
        ({"payment": {"capture": "never"}}, "capture"),
        ({"payment": MANUAL | {"capture": "automatic"}}, "automatic expiry period"),
        ({"payment": {"capture": "manual", "capture_options": {"x": 1}}}, "refund speed"),
        ({"payment": {"capture": "manual", "capture_options": {
            "refund_speed": "normal", "manual_expiry_period": 7201}}}, "manual expiry period"),
    ],
)  # fmt: skip
async def test_an_order_that_the_vendor_refuses(
    api: Api, changes: dict[str, Any], said: str
) -> None:
    assert said in await api.refusal("POST", "/orders", ORDER | changes)
    assert api.control.orders() == []


async def test_receipts_are_unique_and_lists_hold_what_contains_them(api: Api) -> None:
    _, order = await api.ask("POST", "/orders", ORDER)
    assert order["status"] == "created"
    assert order["notes"] == []
    assert "unique" in await api.refusal("POST", "/orders", ORDER)
    await api.ask("POST", "/orders", ORDER | {"receipt": "r-10"})
    _, found = await api.ask("GET", "/orders?receipt=r-1&count=1&expand[]=payments")
    assert [one["receipt"] for one in found["items"]] == ["r-10"]
    assert found["items"][0]["payments"]["items"] == []
    assert "count" in await api.refusal("GET", "/orders?count=101")


async def test_a_capture_is_of_the_whole_and_once(api: Api) -> None:
    payment = await api.paid(capture=False)
    path = f"/payments/{payment}/capture"
    for body in ({"amount": 49_999, "currency": "INR"}, {"amount": 50_000, "currency": "USD"}, {}):
        assert "must be equal" in await api.refusal("POST", path, body)
    body = {"amount": 50_000, "currency": "INR"}
    status, taken = await api.ask("POST", path, body)
    assert (status, taken["status"], taken["captured"]) == (200, "captured", True)
    assert "already been captured" in await api.refusal("POST", path, body)
    assert api.control.orders()[0]["status"] == "paid"


async def test_refunds_stop_at_what_was_captured(api: Api) -> None:
    waiting = await api.paid(capture=False)
    assert "captured" in await api.refusal("POST", f"/payments/{waiting}/refund", {})
    payment = await api.paid(receipt="r-2")
    path = f"/payments/{payment}/refund"
    _, part = await api.ask("POST", path, {"amount": 20_000})
    assert (part["status"], api.control.get(payment)["refund_status"]) == ("processed", "partial")
    assert "greater than" in await api.refusal("POST", path, {"amount": 30_001})
    _, rest = await api.ask("POST", path, {})
    assert (rest["amount"], api.control.get(payment)["status"]) == (30_000, "refunded")
    _, listed = await api.ask("GET", f"/payments/{payment}/refunds")
    assert listed["count"] == 2
    assert (await api.ask("GET", f"/refunds/{rest['id']}"))[1] == rest


async def test_a_refunds_key_is_remembered(api: Api) -> None:
    payment = await api.paid()
    path = f"/payments/{payment}/refund"
    asked: dict[str, Any] = {"amount": 100}
    first = await api.ask("POST", path, asked, x_refund_idempotency="key-0123456789")
    assert await api.ask("POST", path, asked, x_refund_idempotency="key-0123456789") == first
    other = {"amount": 200}
    said = await api.refusal("POST", path, other, x_refund_idempotency="key-0123456789")
    assert "Different request" in said
    assert "invalid" in await api.refusal("POST", path, asked, x_refund_idempotency="short")
    assert api.control.taken_minor() == 49_900


async def test_an_authorised_payment_goes_back_after_its_hold(api: Api) -> None:
    options = {"refund_speed": "normal", "manual_expiry_period": 60}
    payment = await api.paid(capture=False, payment=MANUAL | {"capture_options": options})
    assert await api.control.advance(3_599) == []
    assert await api.control.advance(2) == [payment]
    gone = api.control.get(payment)
    assert (gone["status"], gone["captured"], gone["amount_refunded"]) == (
        "refunded",
        False,
        50_000,
    )
    body = {"amount": 50_000, "currency": "INR"}
    assert "authorized" in await api.refusal("POST", f"/payments/{payment}/capture", body)


async def test_an_automatic_capture_has_its_time(api: Api) -> None:
    options = {"refund_speed": "normal", "automatic_expiry_period": 12}
    settings = {"capture": "automatic", "capture_options": options}
    _, order = await api.ask("POST", "/orders", ORDER | {"payment": settings})
    tried = api.control.begin(order["id"])
    await api.control.advance(13 * 60)
    api.control.finish(tried["id"], succeed=True)
    assert api.control.get(tried["id"])["status"] == "authorized"
    prompt = await api.paid(capture=False, receipt="r-2", payment=settings)
    assert api.control.get(prompt)["status"] == "captured"


async def test_a_paid_order_takes_no_other_payment(api: Api) -> None:
    payment = await api.paid()
    order_id = api.control.get(payment)["order_id"]
    with pytest.raises(Exception, match="already paid"):
        api.control.pay(order_id)


async def test_letters_are_signed_held_doubled_late_and_lost(api: Api) -> None:
    got: list[tuple[bytes, dict[str, str]]] = []

    async def keep(_url: str, body: bytes, headers: dict[str, str]) -> int:
        got.append((body, headers))
        return 200 if len(got) > 1 else 500

    control = api.control
    control.add_webhook("http://shop.test/", secret="letters")
    control.carry_letters(keep)
    control.hold_letters()
    await api.paid(capture=False)
    await control.settled()
    assert got == []
    await control.release_letters()
    [(body, headers)] = got
    assert hmac.new(b"letters", body, hashlib.sha256).hexdigest() == headers["x-razorpay-signature"]
    assert json.loads(body)["event"] == "payment.authorized"
    [failed] = control.letters("failed")
    assert await control.deliver(failed["id"]) == 200
    assert got[0] == got[1]

    control.double_letters(2)
    control.drop_letters(1)
    control.delay_letters(60)
    await api.paid(receipt="r-2")
    await control.settled()
    assert len(got) == 2
    await control.advance(61)
    events = [json.loads(body)["event"] for body, _ in got[2:]]
    assert events == ["payment.captured"] * 2 + ["order.paid"] * 2


async def test_faults_strike_as_ordered(api: Api) -> None:
    api.control.fail_next(status=429, headers={"retry-after": "2"}, path="/orders")
    answer = await api.http.post("/v1/orders", json=ORDER)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    api.control.fail_next(executes=True)
    assert (await api.ask("POST", "/orders", ORDER))[0] == 500
    assert len(api.control.orders()) == 1
    api.control.drop_next(phase="before")
    with pytest.raises(httpx.RemoteProtocolError):
        await api.ask("POST", "/orders", ORDER | {"receipt": "r-2"})
    assert (len(api.control.orders()), api.control.faults_pending()) == (1, 0)


async def test_disputes_are_listed(api: Api) -> None:
    payment = await api.paid()
    dispute = api.control.dispute(api.control.get(payment)["order_id"])
    _, listed = await api.ask("GET", "/disputes?count=10")
    assert [one["payment_id"] for one in listed["items"]] == [payment]
    assert dispute["status"] == "open"


async def test_what_razorpay_does_not_have_is_refused(api: Api) -> None:
    for path in ("/orders/order_x", "/payments/pay_x", "/refunds/rfnd_x"):
        assert "does not exist" in await api.refusal("GET", path)
    assert "not found" in await api.refusal("GET", "/settlements")
    assert "not an object" in await api.refusal("POST", "/orders", [])


async def test_the_desk_is_reached_over_http(api: Api) -> None:
    _, order = await api.ask("POST", "/orders", ORDER)
    answer = await api.http.post("/_fake/pay", json={"order_id": order["id"]})
    assert answer.json()["result"]["razorpay_order_id"] == order["id"]
    assert (await api.http.post("/_fake/rob")).status_code == 404
    assert (await api.http.post("/_fake/_announce", json={})).status_code == 404
    assert (await api.http.post("/_fake/pay", json={"order_id": "x"})).status_code == 400


@pytest.mark.parametrize("vendor", ["razorpay", "paytabs"])
async def test_it_starts_as_a_server_of_its_own(vendor: str) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.fakes.{vendor}", "--port", "0",
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert server.stdout is not None
    url = (await asyncio.wait_for(server.stdout.readline(), 30)).decode().strip()
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(f"{url}/_fake/letters", json={})).json() == {"result": []}
    server.terminate()
    assert await asyncio.wait_for(server.wait(), 30) == 0
