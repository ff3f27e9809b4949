"""Control of the fake PayTabs: profiles, the payer at the page, the bank's moods, and the clock."""

import copy
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tests.fakes.paytabs.ledger import Json, Ledger
from tests.fakes.stripe.clock import Clock
from tests.fakes.stripe.faults import FaultBook
from tests.fakes.vendor.desk import NetworkDesk
from tests.fakes.vendor.post import PostOffice

APPROVED = "4111111111111111"
CARDS = {
    APPROVED: ("A", "G12345", "Authorised"),
    "4000000000000002": ("D", "300", "Declined"),
    "4012001036983332": ("D", "316", "Insufficient funds"),
    "4012001036853337": ("D", "310", "3-D Secure rejected"),
    "4012001036273338": ("H", "G12345", "On hold"),
    "4012001037167778": ("C", "321", "Cancelled by the customer"),
}
"""Cards of the fake: status, code and message of each."""


class PayTabsDesk(NetworkDesk):
    def __init__(self, clock: Clock) -> None:
        self.clock, self.faults, self.post = clock, FaultBook(), PostOffice(clock)
        self.requests: list[dict[str, Any]] = []
        self.keys: dict[int, str] = {}
        self.ledgers: dict[int, Ledger] = {}
        self.base_url = ""
        self._listeners: dict[int, list[str]] = {}

    def open_profile(self, profile_id: int, server_key: str) -> None:
        """The key opens this profile; others never see it."""
        self.keys[profile_id] = server_key
        self.ledgers[profile_id] = Ledger(self.clock, profile_id)
        self._listeners[profile_id] = []

    def add_listener(self, url: str, *, profile_id: int) -> None:
        """The profile's notification address (IPN): every transaction is told there."""
        self._listeners[profile_id].append(url)

    def pay(self, page: str, card: str = APPROVED) -> str:
        """The payer pays at that address; the form with which the browser returns to the shop."""
        token = page.rpartition("/")[2]
        ledger = next(one for one in self.ledgers.values() if token in one.pages)
        status, code, message = CARDS[card]
        made = ledger.pay(token, status=status, code=code, message=message)
        self.announce(ledger, made, callback=ledger.pages[token]["request"].get("callback"))
        return self._return_form(ledger, made)

    def pages(self, cart_id: str) -> list[str]:
        """The addresses of the cart's pages, the oldest first."""
        return [
            f"{self.base_url}/payment/page/{token}"
            for ledger in self.ledgers.values()
            for token, page in ledger.pages.items()
            if page["request"]["cart_id"] == cart_id
        ]

    def decide(self, tran_ref: str, *, status: str = "A", code: str = "G12345") -> None:
        """What was on hold or pending is decided, and told."""
        ledger = self._ledger_of(tran_ref)
        self.announce(ledger, ledger.decide(tran_ref, status=status, code=code))

    def hold_refunds(self) -> None:
        """Refunds are pending from now on."""
        for ledger in self.ledgers.values():
            ledger.refunds_wait = True

    async def advance(self, seconds: float) -> None:
        """Time has passed: equal requests are allowed again and late letters have come."""
        self.clock.advance(seconds)
        await self.post.settled()

    def transactions(self, kind: str | None = None, *, cart_id: str | None = None) -> list[Json]:
        """Copies of all transactions of a kind (`Auth`), the oldest first."""
        return [
            copy.deepcopy(one)
            for ledger in self.ledgers.values()
            for one in ledger.transactions.values()
            if kind in (None, one["tran_type"]) and cart_id in (None, one["cart_id"])
        ]

    def open_amount(self) -> str:
        """What is reserved and neither captured nor voided, over all profiles."""
        total = sum(
            (
                ledger.open_minor(one)
                for ledger in self.ledgers.values()
                for one in ledger.transactions.values()
                if one["tran_type"] == "Auth"
            ),
            start=Decimal(0),
        )
        return f"{total:f}"

    def announce(self, ledger: Ledger, made: Json, *, callback: str | None = None) -> None:
        """The callback of that one request, once, and the profile's listeners."""
        body = json.dumps(made).encode()
        signature = _sign(body, self.keys[ledger.profile_id])
        headers = {"content-type": "application/json", "signature": signature}
        for url in filter(None, (callback, *self._listeners[ledger.profile_id])):
            about = f"{made['tran_type']} {made['payment_result']['response_status']}"
            self.post.post(url, body, headers, about=about)
        self.post.kick()

    def _return_form(self, ledger: Ledger, made: Json) -> str:
        result = made["payment_result"]
        fields = {
            "acquirerMessage": "",
            "acquirerRRN": "",
            "cartId": made["cart_id"],
            "customerEmail": "payer~1@example.org",
            "respCode": result["response_code"],
            "respMessage": result["response_message"],
            "respStatus": result["response_status"],
            "token": "",
            "tranRef": made["tran_ref"],
        }
        told = {name: value for name, value in sorted(fields.items()) if value}
        message = urlencode(told).replace("~", "%7E").encode()
        return urlencode(fields | {"signature": _sign(message, self.keys[ledger.profile_id])})

    def _ledger_of(self, tran_ref: str) -> Ledger:
        return next(one for one in self.ledgers.values() if tran_ref in one.transactions)


def _sign(message: bytes, key: str) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
