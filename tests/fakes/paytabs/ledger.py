"""One profile at the fake PayTabs: its transactions, and the rules by which they come to be.

From the vendor's documentation: what is tran_type, request/response parameters, error codes.
"""

import itertools
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.fakes.stripe.clock import Clock
from tests.fakes.vendor.shell import Refused

Json = dict[str, Any]

DUPLICATE_SECONDS = 120
MOST_TRANSACTIONS = 10_000
DECIMALS = {"KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "IQD": 3, "TND": 3, "LYD": 3}
FOLLOW_UPS = {"capture", "void", "release", "refund"}
_PARENTS = {"capture": {"auth"}, "void": {"auth"}, "release": {"auth"},
            "refund": {"sale", "capture"}}  # fmt: skip


def refused(code: int, message: str, *, status: int = 400) -> Refused:
    return Refused({"code": code, "message": message, "trace": "PMNT.FAKE"}, status)


class Ledger:
    def __init__(self, clock: Clock, profile_id: int) -> None:
        self.clock, self.profile_id = clock, profile_id
        self.transactions: dict[str, Json] = {}
        self.pages: dict[str, Json] = {}  # by token; what has been paid there stays for its address
        self.refunds_wait = False
        self._seen: dict[tuple[Any, ...], int] = {}
        self._numbers = itertools.count(1)

    def request(self, body: Json, *, base_url: str) -> tuple[Json, Json | None]:
        """The answer, and the transaction that the merchant is written to about, if any."""
        kind = body.get("tran_type")
        amount, currency = _money(body)
        if kind in FOLLOW_UPS:
            parent = self._parent(body, kind)
            if currency != parent["cart_currency"]:
                raise refused(206, "Currency mismatch")
            self._not_twice(body, kind, amount)
            made = self._follow_up(kind, parent, body, amount)
            return made, made
        if kind not in {"auth", "sale"} or body.get("tran_class") != "ecom":
            raise refused(2, "Invalid request: tran_type")
        self._not_twice(body, kind, amount)
        return self._page(body, kind, amount, base_url), None

    def pay(self, token: str, *, status: str, code: str, message: str) -> Json:
        """The payer has been at the page: only now there is a transaction to be queried."""
        page = self.pages[token]
        if page["paid"]:
            raise refused(2, "The page is closed")
        page["paid"] = True
        return self._add(page["request"], page["tran_ref"], status=status, code=code,
                         message=message)  # fmt: skip

    def query(self, body: Json) -> Any:
        by_ref, by_cart = body.get("tran_ref"), body.get("cart_id")
        if (by_ref is None) == (by_cart is None):
            raise refused(2, "Invalid request: tran_ref or cart_id")
        if by_ref is not None:
            if by_ref not in self.transactions:
                raise refused(2, "Transaction not found", status=404)
            return self.transactions[by_ref]
        return [one for one in self.transactions.values() if one["cart_id"] == by_cart]

    def decide(self, tran_ref: str, *, status: str, code: str) -> Json:
        """What was on hold or pending is decided."""
        made = self.transactions[tran_ref]
        made["payment_result"] |= {"response_status": status, "response_code": code}
        return made

    def open_minor(self, auth: Json) -> Decimal:
        """What of an authorisation is neither captured nor voided."""
        if _status(auth) != "A":
            return Decimal(0)
        used = [one for one in self._of(auth) if one["tran_type"] in {"Capture", "Void", "Release"}]
        return Decimal(auth["cart_amount"]) - sum(Decimal(one["cart_amount"]) for one in used)

    def _of(self, parent: Json) -> list[Json]:
        """What was done about a transaction and not refused."""
        return [
            one
            for one in self.transactions.values()
            if one.get("previous_tran_ref") == parent["tran_ref"] and _status(one) in {"A", "P"}
        ]

    def _parent(self, body: Json, kind: str) -> Json:
        parent = self.transactions.get(body.get("tran_ref", ""))
        if parent is None or parent["tran_type"].lower() not in _PARENTS[kind]:
            raise refused(2, "Invalid request: tran_ref")
        if _status(parent) != "A":
            raise refused(2, "The transaction was not authorised")
        return parent

    def _follow_up(self, kind: str, parent: Json, body: Json, amount: Decimal) -> Json:
        if kind == "refund":
            back = sum(Decimal(one["cart_amount"]) for one in self._of(parent))
            left = Decimal(parent["cart_amount"]) - back
        else:
            left = self.open_minor(parent)
        status = "P" if kind == "refund" and self.refunds_wait else "A"
        if amount > left:
            raise refused(118, "Amount greater than available balance")
        made = self._add(body, self._reference(), status=status, code="831000", message="Ok")
        made["previous_tran_ref"] = parent["tran_ref"]
        return made

    def _page(self, body: Json, kind: str, amount: Decimal, base_url: str) -> Json:
        tran_ref = self._reference()
        token = f"{next(self._numbers):032X}"
        if len(self.pages) >= MOST_TRANSACTIONS:
            raise OverflowError(f"the fake holds no more than {MOST_TRANSACTIONS} pages")
        self.pages[token] = {"tran_ref": tran_ref, "request": body, "paid": False}
        return {
            "tran_ref": tran_ref,
            "tran_type": kind.title(),
            "cart_id": body["cart_id"],
            "cart_description": body["cart_description"],
            "cart_currency": body["cart_currency"],
            "cart_amount": _text(amount, body["cart_currency"]),
            "callback": body.get("callback", "none"),
            "return": body.get("return", "none"),
            "redirect_url": f"{base_url}/payment/page/{token}",
            "serviceId": 2,
            "profileId": self.profile_id,
            "merchantId": 1,
            "trace": "PMNT.FAKE",
        }

    def _add(self, body: Json, tran_ref: str, *, status: str, code: str, message: str) -> Json:
        if len(self.transactions) >= MOST_TRANSACTIONS:
            raise OverflowError(f"the fake holds no more than {MOST_TRANSACTIONS} transactions")
        amount, currency = _money(body)
        made = {
            "tran_ref": tran_ref,
            "merchant_id": 1,
            "profile_id": self.profile_id,
            "tran_type": body["tran_type"].title(),
            "cart_id": body["cart_id"],
            "cart_description": body["cart_description"],
            "cart_currency": currency,
            "cart_amount": _text(amount, currency),
            "tran_currency": currency,
            "tran_total": _text(amount, currency),
            "customer_details": {"name": "Anna Payer", "email": "payer@example.org"},
            "payment_result": {
                "response_status": status,
                "response_code": code,
                "response_message": message,
                "transaction_time": datetime.fromtimestamp(self.clock.now(), UTC).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                ),
            },
            "payment_info": {"payment_method": "Visa", "payment_description": "4111 11## ####"},
        }
        self.transactions[tran_ref] = made
        return made

    def _not_twice(self, body: Json, kind: str, amount: Decimal) -> None:
        """An equal request for the same cart is refused for two minutes, whoever repeats it."""
        same = (kind, body["cart_id"], amount, body["cart_currency"], body.get("tran_ref"))
        at = self._seen.get(same)
        if at is not None and self.clock.now() - at < DUPLICATE_SECONDS:
            raise refused(4, "Duplicate Request", status=409)
        self._seen[same] = self.clock.now()

    def _reference(self) -> str:
        return f"TST{next(self._numbers):013d}"


def _status(transaction: Json) -> str:
    return str(transaction["payment_result"]["response_status"])


def _money(body: Json) -> tuple[Decimal, str]:
    """Amount and currency; an amount with more decimals than its currency has is refused."""
    currency, written = body.get("cart_currency"), body.get("cart_amount")
    for name, most in (("cart_id", 64), ("cart_description", 128)):
        if not isinstance(body.get(name), str) or not 1 <= len(body[name]) <= most:
            raise refused(2, f"Invalid request: {name}")
    if not isinstance(currency, str) or len(currency) != 3:
        raise refused(2, "Invalid request: cart_currency")
    try:
        amount = Decimal(str(written))
    except InvalidOperation:
        raise refused(2, "Invalid request: cart_amount") from None
    places = 0 if currency in {"JPY", "ISK"} else DECIMALS.get(currency, 2)
    if amount <= 0 or amount != round(amount, places):
        raise refused(2, "Invalid request: cart_amount")
    return amount, currency


def _text(amount: Decimal, currency: str) -> str:
    """PayTabs shows two decimals at least."""
    return f"{amount:.{max(2, DECIMALS.get(currency, 2))}f}"
