"""Control of the fake Razorpay: accounts, the payer's hands, the bank's moods, and the clock."""

import copy
import hashlib
import hmac
import itertools
import json
from typing import Any

from tests.fakes.razorpay.bank import Bank, Json
from tests.fakes.stripe.clock import Clock
from tests.fakes.stripe.faults import FaultBook
from tests.fakes.vendor.desk import NetworkDesk
from tests.fakes.vendor.post import PostOffice

APPROVED = "4100280000001007"
CARDS = {
    APPROVED: None,
    "4100280000080001": "insufficient_fund",
    "4100280000060003": "card_declined",
    "4100280000090000": "payment_timed_out",
}
"""The vendor's test cards, and why the bank refuses each."""


class RazorpayDesk(NetworkDesk):
    def __init__(self, clock: Clock) -> None:
        self.clock, self.faults, self.post = clock, FaultBook(), PostOffice(clock)
        self.requests: list[dict[str, Any]] = []
        self.secrets: dict[str, str] = {}
        self.banks: dict[str, Bank] = {}
        self._listeners: list[tuple[str, str]] = []
        self._events = itertools.count(1)

    def open_account(self, key_id: str, key_secret: str) -> None:
        """The key opens an account of its own; others never see it."""
        self.secrets[key_id] = key_secret
        self.banks[key_id] = Bank(self.clock, self._announce)

    def add_webhook(self, url: str, *, secret: str) -> None:
        """Every event of every account goes there, signed with this secret."""
        self._listeners.append((url, secret))

    def pay(self, order_id: str, card: str = APPROVED) -> dict[str, str]:
        """The payer pays the order in the checkout. A decline is no error to a browser: what comes
        back is what the checkout hands over, which is not signed where the bank refused.
        """
        payment = self.begin(order_id, card)
        reason = CARDS[card]
        return self.finish(payment["id"], succeed=reason is None, reason=reason or "")

    def begin(self, order_id: str, card: str = APPROVED) -> Json:
        """The payer has submitted the checkout, and the bank has not answered yet."""
        return copy.deepcopy(self._bank_of(order_id).begin(order_id, card=card))

    def finish(
        self, payment_id: str, *, succeed: bool, reason: str = "authentication_failed"
    ) -> dict[str, str]:
        """The bank answers, also days later for a payment that seemed to have failed."""
        bank = self._bank_of(payment_id)
        payment = bank.payments[payment_id]
        if not succeed:
            bank.fail(payment, reason=reason)
            return _failure_form(payment)
        bank.authorize(payment)
        order_id = payment["order_id"]
        key = next(key for key, one in self.banks.items() if one is bank)
        signature = _sign(f"{order_id}|{payment_id}".encode(), self.secrets[key])
        return {
            "razorpay_payment_id": payment_id,
            "razorpay_order_id": order_id,
            "razorpay_signature": signature,
        }

    def capture_at_the_dashboard(self, order_id: str) -> None:
        """Somebody with a login takes what is authorised, and asks nobody."""
        bank = self._bank_of(order_id)
        held = next(one for one in bank.of_order(order_id) if one["status"] == "authorized")
        bank.capture(held["id"], {"amount": held["amount"], "currency": held["currency"]})

    def dispute(self, order_id: str) -> Json:
        """The payer of a captured payment has complained to the bank."""
        bank = self._bank_of(order_id)
        taken = next(one for one in bank.of_order(order_id) if one["captured"])
        return copy.deepcopy(bank.dispute(taken))

    def decide(self, dispute_id: str, status: str) -> None:
        """The dispute ends: `won`, `lost` or `closed`."""
        bank = self._bank_of(dispute_id)
        bank.decide(bank.disputes[dispute_id], status=status)

    def hold_refunds(self) -> None:
        """Refunds wait for the bank from now on."""
        for bank in self.banks.values():
            bank.refunds_wait = True

    def settle_refund(self, refund_id: str, *, succeed: bool = True) -> None:
        bank = self._bank_of(refund_id)
        bank.settle(bank.refunds[refund_id], succeed=succeed)

    async def advance(self, seconds: float) -> list[str]:
        """Time has passed: holds have lapsed and late letters have come. The lapsed payments."""
        self.clock.advance(seconds)
        ended = [payment for bank in self.banks.values() for payment in bank.expire()]
        await self.post.settled()
        return ended

    def get(self, thing_id: str) -> Json:
        """A copy of any object, whoever's it is."""
        return copy.deepcopy(self._shelf_of(thing_id)[1][thing_id])

    def orders(self) -> list[Json]:
        return [copy.deepcopy(one) for bank in self.banks.values() for one in bank.orders.values()]

    def payments(self, status: str | None = None) -> list[Json]:
        return [
            copy.deepcopy(one)
            for bank in self.banks.values()
            for one in bank.payments.values()
            if status in (None, one["status"])
        ]

    def taken_minor(self) -> int:
        """What merchants have after refunds, over all accounts."""
        return sum(one["amount"] - one["amount_refunded"] for one in self.payments()
                   if one["captured"])  # fmt: skip

    def _announce(self, event: str, entities: dict[str, Json]) -> None:
        letter = {
            "entity": "event",
            "account_id": "acc_fake",
            "event": event,
            "contains": list(entities),
            "payload": {name: {"entity": thing} for name, thing in entities.items()},
            "created_at": self.clock.now(),
        }
        body = json.dumps(letter).encode()
        for url, secret in self._listeners:
            headers = {
                "content-type": "application/json",
                "x-razorpay-signature": _sign(body, secret),
                "x-razorpay-event-id": f"evt_{next(self._events):014d}",
            }
            self.post.post(url, body, headers, about=event)
        self.post.kick()

    def _bank_of(self, thing_id: str) -> Bank:
        return self._shelf_of(thing_id)[0]

    def _shelf_of(self, thing_id: str) -> tuple[Bank, dict[str, Json]]:
        for bank in self.banks.values():
            for shelf in (bank.orders, bank.payments, bank.refunds, bank.disputes):
                if thing_id in shelf:
                    return bank, shelf
        raise LookupError(f"nothing has the id {thing_id}")


def _failure_form(payment: Json) -> dict[str, str]:
    attempt = {"payment_id": payment["id"], "order_id": payment["order_id"]}
    return {
        "error[code]": payment["error_code"],
        "error[description]": payment["error_description"],
        "error[source]": "customer",
        "error[step]": "payment_authentication",
        "error[reason]": payment["error_reason"],
        "error[metadata]": json.dumps(attempt, separators=(",", ":")),
    }


def _sign(message: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
