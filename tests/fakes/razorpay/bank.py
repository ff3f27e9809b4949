"""One account at the fake Razorpay: its books, and the rules by which they change.

From the vendor's documentation: api/orders, api/payments, api/refunds and
payments/capture-settings.
"""

import copy
import itertools
import re
from collections.abc import Callable
from typing import Any

from tests.fakes.stripe.clock import Clock
from tests.fakes.vendor.shell import Refused

Json = dict[str, Any]
Announce = Callable[[str, dict[str, Json]], None]

ORDER_FIELDS = {"amount", "currency", "receipt", "notes", "payment", "partial_payment"}
REFUND_FIELDS = {"amount", "speed", "notes", "receipt"}
THREE_DECIMALS = {"KWD", "BHD", "OMR"}
LONGEST_HOLD_MINUTES = 7200
MOST_THINGS = 10_000
_CURRENCY = re.compile(r"[A-Z]{3}")
_REFUND_KEY = re.compile(r"[A-Za-z0-9_-]{10,}")


def refused(description: str, *, field: str | None = None, reason: str = "NA") -> Refused:
    error: Json = {"code": "BAD_REQUEST_ERROR", "description": description, "source": "business",
             "step": "NA", "reason": reason, "metadata": {}, "field": field}  # fmt: skip
    return Refused({"error": error})


class Bank:
    def __init__(self, clock: Clock, announce: Announce) -> None:
        self.clock, self.announce = clock, announce
        self.orders: dict[str, Json] = {}
        self.payments: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self.disputes: dict[str, Json] = {}
        self.captures: dict[str, Json] = {}  # an order's capture settings
        self.refund_keys: dict[str, tuple[Json, str]] = {}
        self.refunds_wait = False
        self._numbers = itertools.count(1)

    def order(self, body: Json) -> Json:
        """A new order. Receipts are unique; what is not known is refused."""
        _no_others(body, ORDER_FIELDS)
        amount, currency = body.get("amount"), body.get("currency")
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
            raise refused("The amount must be an integer.", field="amount", reason=INVALID)
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            raise refused("The currency is invalid.", field="currency", reason=INVALID)
        if currency == "INR" and amount < 100:
            raise refused("The amount must be at least INR 1.00", field="amount", reason=INVALID)
        if currency in THREE_DECIMALS and amount % 10:
            raise refused("The last digit of the amount must be 0.", field="amount", reason=INVALID)
        receipt = body.get("receipt")
        if receipt is not None and len(receipt) > 40:
            raise refused("The receipt may not be greater than 40 characters.", field="receipt")
        if receipt is not None and any(one["receipt"] == receipt for one in self.orders.values()):
            raise refused("Receipt should be unique", field="receipt", reason=INVALID)
        notes = body.get("notes") or {}
        if len(notes) > 15 or any(len(str(note)) > 256 for note in notes.values()):
            raise refused("Too many notes", field="notes", reason=INVALID)
        settings = _capture_settings(body.get("payment"))
        made = self._add(self.orders, "order", {
            "amount": amount, "amount_paid": 0, "amount_due": amount, "currency": currency,
            "receipt": receipt, "offer_id": None, "status": "created", "attempts": 0,
            "notes": notes or [],
        })  # fmt: skip
        self.captures[made["id"]] = settings
        return made

    def begin(self, order_id: str, *, card: str = "4100280000001007") -> Json:
        """The payer has submitted the checkout; the bank is asked."""
        order = self.look_up(self.orders, order_id)
        if order["status"] == "paid":
            raise refused("Order already paid", reason="order_already_paid")
        order["status"], order["attempts"] = "attempted", order["attempts"] + 1
        return self._add(self.payments, "pay", {
            "amount": order["amount"], "currency": order["currency"], "status": "created",
            "order_id": order_id, "method": "card", "captured": False, "amount_refunded": 0,
            "refund_status": None, "email": "payer@example.org", "contact": "+910000000000",
            "card": {"last4": card[-4:], "network": "Visa"}, "notes": [], "fee": None,
            "tax": None, "error_code": None, "error_description": None, "error_reason": None,
        }, entity="payment")  # fmt: skip

    def authorize(self, payment: Json) -> None:
        """The bank says yes, perhaps days after it seemed to have failed."""
        payment |= {"status": "authorized", "error_code": None, "error_reason": None}
        self._tell("payment.authorized", payment=payment)
        settings = self.captures[payment["order_id"]]
        waited = (self.clock.now() - payment["created_at"]) / 60
        if settings["capture"] == "automatic" and waited <= settings["automatic_expiry_period"]:
            self._take(payment)

    def fail(self, payment: Json, *, reason: str) -> None:
        payment |= {"status": "failed", "error_code": "BAD_REQUEST_ERROR", "error_reason": reason,
                    "error_description": "Payment failed"}  # fmt: skip
        self._tell("payment.failed", payment=payment)

    def capture(self, payment_id: str, body: Json) -> Json:
        payment = self.look_up(self.payments, payment_id)
        _no_others(body, {"amount", "currency"})
        if payment["captured"]:
            raise refused("This payment has already been captured")
        if payment["status"] != "authorized":
            raise refused("Only payments which have been authorized and not yet captured can be "
                          "captured")  # fmt: skip
        if (body.get("amount"), body.get("currency")) != (payment["amount"], payment["currency"]):
            raise refused("Capture amount must be equal to the amount authorized", field="amount")
        self._take(payment)
        return payment

    def refund(self, payment_id: str, body: Json, *, key: str | None) -> Json:
        """The same key brings the same refund; with another body it is refused."""
        payment = self.look_up(self.payments, payment_id)
        _no_others(body, REFUND_FIELDS)
        asked = {"payment_id": payment_id, **body}
        if key is not None:
            if not _REFUND_KEY.fullmatch(key):
                raise refused("The idempotency key is invalid", reason=INVALID)
            if key in self.refund_keys:
                before, refund_id = self.refund_keys[key]
                if before != asked:
                    raise refused("Different request with the same idempotency key")
                return self.refunds[refund_id]
        if not payment["captured"]:
            raise refused("The payment status should be captured for action to be taken")
        amount = body.get("amount", payment["amount"] - payment["amount_refunded"])
        if not isinstance(amount, int) or amount < 1:
            raise refused("The amount must be an integer.", field="amount", reason=INVALID)
        if amount > payment["amount"] - payment["amount_refunded"]:
            raise refused("The refund amount provided is greater than amount captured")
        made = self._return(payment, amount, notes=body.get("notes"))
        if key is not None:
            self.refund_keys[key] = (asked, made["id"])
        return made

    def settle(self, refund: Json, *, succeed: bool) -> None:
        """The bank has done a waiting refund, or could not."""
        refund["status"] = "processed" if succeed else "failed"
        payment = self.payments[refund["payment_id"]]
        if not succeed:
            self._give_back(payment, -refund["amount"])
        name = "processed" if succeed else "failed"
        self._tell(f"refund.{name}", refund=refund, payment=payment)

    def dispute(self, payment: Json) -> Json:
        made = self._add(self.disputes, "disp", {
            "payment_id": payment["id"], "amount": payment["amount"],
            "currency": payment["currency"], "amount_deducted": 0, "status": "open",
            "phase": "chargeback", "reason_code": "goods_or_services_not_received_or_partially",
        }, entity="dispute")  # fmt: skip
        self._tell("payment.dispute.created", payment=payment, dispute=made)
        return made

    def decide(self, dispute: Json, *, status: str) -> None:
        """The bank has decided (`won`, `lost`), or nobody wants to know any more (`closed`)."""
        lost = dispute["amount"] if status == "lost" else 0
        dispute |= {"status": status, "amount_deducted": lost}
        payment = self.payments[dispute["payment_id"]]
        self._tell(f"payment.dispute.{status}", payment=payment, dispute=dispute)

    def expire(self) -> list[str]:
        """What was authorised too long ago goes back to its payer; the ids of such payments."""
        ended = []
        for payment in self.payments.values():
            hold = self.captures[payment["order_id"]]["manual_expiry_period"] * 60
            due = payment["created_at"] + hold
            if payment["status"] == "authorized" and self.clock.now() >= due:
                self._return(payment, payment["amount"])
                ended.append(payment["id"])
        return ended

    def of_order(self, order_id: str) -> list[Json]:
        """The payments that were tried on the order, the youngest first."""
        self.look_up(self.orders, order_id)
        return [one for one in reversed(self.payments.values()) if one["order_id"] == order_id]

    @staticmethod
    def look_up(shelf: dict[str, Json], thing_id: str) -> Json:
        if thing_id not in shelf:
            raise refused("The id provided does not exist")
        return shelf[thing_id]

    def _take(self, payment: Json) -> None:
        payment |= {"status": "captured", "captured": True, "fee": 0, "tax": 0}
        order = self.orders[payment["order_id"]]
        order |= {"status": "paid", "amount_paid": order["amount"], "amount_due": 0}
        self._tell("payment.captured", payment=payment)
        self._tell("order.paid", payment=payment, order=order)

    def _return(self, payment: Json, amount: int, *, notes: Json | None = None) -> Json:
        made = self._add(self.refunds, "rfnd", {
            "amount": amount, "currency": payment["currency"], "payment_id": payment["id"],
            "status": "pending" if self.refunds_wait else "processed", "receipt": None,
            "notes": notes or [], "acquirer_data": {"arn": None}, "speed_requested": "normal",
            "speed_processed": "normal",
        }, entity="refund")  # fmt: skip
        self._give_back(payment, amount)
        self._tell("refund.created", refund=made, payment=payment)
        if not self.refunds_wait:
            self._tell("refund.processed", refund=made, payment=payment)
        return made

    @staticmethod
    def _give_back(payment: Json, amount: int) -> None:
        payment["amount_refunded"] += amount
        back, whole = payment["amount_refunded"], payment["amount"]
        payment["refund_status"] = "full" if back == whole else "partial" if back else None
        if back == whole:
            payment["status"] = "refunded"
        elif payment["captured"]:
            payment["status"] = "captured"

    def _tell(self, event: str, **entities: Json) -> None:
        self.announce(event, {name: copy.deepcopy(thing) for name, thing in entities.items()})

    def _add(self, shelf: dict[str, Json], prefix: str, thing: Json, *, entity: str = "") -> Json:
        if len(shelf) >= MOST_THINGS:
            raise OverflowError(f"the fake holds no more than {MOST_THINGS} of a kind")
        thing_id = f"{prefix}_{next(self._numbers):014d}"
        made = {"id": thing_id, "entity": entity or prefix, **thing}
        made["created_at"] = self.clock.now()
        shelf[thing_id] = made
        return made


INVALID = "input_validation_failed"


def _no_others(body: Json, known: set[str]) -> None:
    others = ", ".join(sorted(set(body) - known))
    if others:
        raise refused(f"{others} is/are not required and should not be sent", reason=INVALID)


def _capture_settings(payment: Any) -> Json:
    """How an order's payment is captured; settings that contradict each other are refused."""
    asked = payment or {"capture": "manual"}
    options = asked.get("capture_options", {})
    automatic = options.get("automatic_expiry_period")
    manual = options.get("manual_expiry_period", LONGEST_HOLD_MINUTES)
    if asked.get("capture") not in {"automatic", "manual"}:
        raise refused("The capture is invalid", field="capture", reason=INVALID)
    if options and options.get("refund_speed") not in {"normal", "optimum"}:
        raise refused("The refund speed field is required.", field="refund_speed", reason=INVALID)
    if asked["capture"] == "automatic" and (not isinstance(automatic, int) or automatic < 12):
        raise refused("The automatic expiry period is required.", reason=INVALID)
    if not (automatic or 0) <= manual <= LONGEST_HOLD_MINUTES:
        raise refused("The manual expiry period is invalid.", reason=INVALID)
    return {
        "capture": asked["capture"],
        "automatic_expiry_period": automatic or 0,
        "manual_expiry_period": manual,
    }
