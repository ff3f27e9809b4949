"""The fake PayTabs, held against the vendor's documentation and not against our adapter."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.fakes.paytabs import FakePayTabs, running_fake_paytabs

PROFILE, KEY = 66455, "SFAKEKEY00-FAKEKEY000-FAKEKEY000"
DECLINED = "4000000000000002"
AUTH = {
    "tran_type": "auth", "tran_class": "ecom", "cart_id": "cart-1", "cart_currency": "AED",
    "cart_amount": 46.17, "cart_description": "a session",
}  # fmt: skip


class Api:
    """The vendor's API as a merchant speaks to it."""

    def __init__(self, http: httpx.AsyncClient, fake: FakePayTabs) -> None:
        self.http, self.control = http, fake.control

    async def ask(self, path: str, body: Any, *, key: str = KEY) -> tuple[int, Any]:
        asked = {"profile_id": PROFILE, **body} if isinstance(body, dict) else body
        answer = await self.http.post(path, json=asked, headers={"authorization": key})
        return answer.status_code, answer.json()

    async def request(self, **changes: Any) -> Any:
        status, content = await self.ask("/payment/request", AUTH | changes)
        assert status == 200
        return content

    async def code(self, **changes: Any) -> int:
        """The code of a refusal."""
        status, content = await self.ask("/payment/request", AUTH | changes)
        assert status >= 400
        return int(content["code"])

    async def paid(self, **changes: Any) -> str:
        """A page, paid: the transaction's reference."""
        page = await self.request(**changes)
        self.control.pay(page["redirect_url"])
        return str(page["tran_ref"])


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with (
        running_fake_paytabs(profile_id=PROFILE, server_key=KEY) as (fake, url),
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        yield Api(http, fake)


async def test_a_page_is_a_transaction_only_once_it_was_paid(api: Api) -> None:
    page = await api.request()
    assert (page["tran_type"], page["cart_amount"]) == ("Auth", "46.17")
    assert (await api.ask("/payment/query", {"cart_id": "cart-1"}))[1] == []
    assert (await api.ask("/payment/query", {"tran_ref": page["tran_ref"]}))[0] == 404
    api.control.pay(page["redirect_url"])
    _, one = await api.ask("/payment/query", {"tran_ref": page["tran_ref"]})
    assert (one["payment_result"]["response_status"], one["cart_amount"]) == ("A", "46.17")
    assert (await api.ask("/payment/query", {"cart_id": "cart-1"}))[1] == [one]
    with pytest.raises(Exception, match="closed"):
        api.control.pay(page["redirect_url"])


async def test_a_query_is_by_one_name(api: Api) -> None:
    for body in ({}, {"cart_id": "c", "tran_ref": "t"}):
        status, content = await api.ask("/payment/query", body)
        assert (status, content["code"]) == (400, 2)


@pytest.mark.parametrize(
    "changes",
    [{"cart_amount": 0}, {"cart_amount": -1}, {"cart_amount": 1.005}, {"cart_amount": "x"},
     {"cart_currency": "dirham"}, {"cart_id": ""}, {"cart_id": "x" * 65},
     {"cart_description": "x" * 129}, {"tran_type": "steal"}, {"tran_class": "none"},
     {"cart_amount": 1.5, "cart_currency": "JPY"}, {"tran_type": "capture", "tran_ref": "none"}],
)  # fmt: skip
async def test_a_request_that_the_vendor_refuses(api: Api, changes: dict[str, Any]) -> None:
    assert await api.code(**changes) == 2


@pytest.mark.parametrize(
    ("currency", "amount", "shown"), [("KWD", 1.234, "1.234"), ("JPY", 500, "500.00")]
)
async def test_amounts_are_shown_with_their_decimals(
    api: Api, currency: str, amount: float, shown: str
) -> None:
    page = await api.request(cart_currency=currency, cart_amount=amount)
    assert page["cart_amount"] == shown


async def test_an_equal_request_is_refused_for_two_minutes(api: Api) -> None:
    await api.request()
    status, content = await api.ask("/payment/request", AUTH)
    assert (status, content["code"]) == (409, 4)
    await api.request(cart_amount=46.18)
    await api.control.advance(119)
    assert await api.code() == 4
    await api.control.advance(2)
    await api.request()


async def test_captures_and_voids_stop_at_what_is_open(api: Api) -> None:
    auth = await api.paid()
    follow = {"tran_ref": auth}
    part = await api.request(tran_type="capture", cart_amount=40, **follow)
    assert (part["tran_type"], part["previous_tran_ref"]) == ("Capture", auth)
    assert await api.code(tran_type="capture", cart_amount=6.18, **follow) == 118
    await api.request(tran_type="void", cart_amount=6.17, **follow)
    assert await api.code(tran_type="capture", cart_amount=0.01, **follow) == 118
    assert await api.code(tran_type="capture", cart_currency="USD", **follow) == 206
    assert api.control.open_amount() == "0.00"


async def test_refunds_stop_at_what_was_taken(api: Api) -> None:
    auth = await api.paid()
    assert await api.code(tran_type="refund", tran_ref=auth) == 2
    sale = await api.paid(tran_type="sale")
    await api.request(tran_type="refund", tran_ref=sale, cart_amount=46)
    assert await api.code(tran_type="refund", tran_ref=sale, cart_amount=0.18) == 118
    await api.request(tran_type="refund", tran_ref=sale, cart_amount=0.17)


async def test_what_was_declined_is_not_followed_up(api: Api) -> None:
    page = await api.request()
    api.control.pay(page["redirect_url"], DECLINED)
    assert await api.code(tran_type="capture", tran_ref=page["tran_ref"]) == 2
    assert api.control.open_amount() == "0"


async def test_a_key_opens_its_profile_only(api: Api) -> None:
    for key in ("", "wrong", "Bearer " + KEY):
        status, content = await api.ask("/payment/query", {"cart_id": "c"}, key=key)
        assert (status, content["code"]) == (401, 1)
    api.control.open_profile(2, "other")
    await api.paid()
    _, found = await api.ask("/payment/query", {"profile_id": 2, "cart_id": "cart-1"}, key="other")
    assert found == []
    assert (await api.ask("/payment/query", {"profile_id": 2, "cart_id": "c"}))[0] == 401
    assert (await api.ask("/payment/query", []))[0] == 400
    assert (await api.http.get("/payment/query")).status_code == 404
    assert (await api.ask("/payment/steal", {}))[0] == 404


async def test_callback_and_listener_are_told_under_the_server_key(api: Api) -> None:
    got: list[tuple[str, bytes, str]] = []

    async def keep(url: str, body: bytes, headers: dict[str, str]) -> int:
        got.append((url, body, headers["signature"]))
        return 200

    api.control.carry_letters(keep)
    api.control.add_listener("https://shop.test/ipn", profile_id=PROFILE)
    auth = await api.paid(callback="https://shop.test/callback")
    await api.request(tran_type="void", tran_ref=auth)
    await api.control.settled()
    assert [url.rpartition("/")[2] for url, _, _ in got] == ["callback", "ipn", "ipn"]
    for _, body, signature in got:
        assert hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest() == signature
    kinds = [json.loads(body)["tran_type"] for _, body, _ in got]
    assert kinds == ["Auth", "Auth", "Void"]


async def test_what_is_on_hold_or_pending_is_decided_later(api: Api) -> None:
    page = await api.request()
    api.control.pay(page["redirect_url"], "4012001036273338")
    assert await api.code(tran_type="capture", tran_ref=page["tran_ref"]) == 2
    api.control.decide(page["tran_ref"])
    await api.request(tran_type="capture", tran_ref=page["tran_ref"])
    api.control.hold_refunds()
    sale = await api.paid(tran_type="sale")
    back = await api.request(tran_type="refund", tran_ref=sale)
    assert back["payment_result"]["response_status"] == "P"
    assert await api.code(tran_type="refund", tran_ref=sale, cart_amount=1) == 118
