"""The fake's paths: which key opens which account, and what of Razorpay's API there is."""

import base64
import binascii
import copy
import hmac
from collections.abc import Iterable
from typing import Any

from tests.fakes.razorpay.bank import Bank, Json, refused
from tests.fakes.razorpay.desk import RazorpayDesk
from tests.fakes.vendor.shell import Answer, Ask, Refused


def answer(desk: RazorpayDesk, ask: Ask) -> Answer:
    """The answer to a request; 401 for a wrong key, 400 for what Razorpay does not have."""
    bank = _bank(desk, ask)
    bank.expire()
    return Answer(copy.deepcopy(_content(bank, ask)))


def _content(bank: Bank, ask: Ask) -> Any:
    match (ask.method, ask.path.removeprefix("/v1").strip("/").split("/")):
        case ("POST", ["orders"]):
            return bank.order(_object(ask))
        case ("GET", ["orders"]):
            return _orders(bank, ask)
        case ("GET", ["orders", order_id]):
            return bank.look_up(bank.orders, order_id)
        case ("GET", ["orders", order_id, "payments"]):
            return _collection(bank.of_order(order_id))
        case ("GET", ["payments", payment_id]):
            return bank.look_up(bank.payments, payment_id)
        case ("POST", ["payments", payment_id, "capture"]):
            return bank.capture(payment_id, _object(ask))
        case ("POST", ["payments", payment_id, "refund"]):
            key = ask.headers.get("x-refund-idempotency")
            return bank.refund(payment_id, _object(ask), key=key)
        case ("GET", ["payments", payment_id, "refunds"]):
            bank.look_up(bank.payments, payment_id)
            mine = [one for one in bank.refunds.values() if one["payment_id"] == payment_id]
            return _collection(_page(mine, ask))
        case ("GET", ["refunds", refund_id]):
            return bank.look_up(bank.refunds, refund_id)
        case ("GET", ["disputes"]):
            return _collection(_page(bank.disputes.values(), ask))
    raise refused("The requested URL was not found on the server.")


def _bank(desk: RazorpayDesk, ask: Ask) -> Bank:
    scheme, _, encoded = ask.headers.get("authorization", "").partition(" ")
    try:
        key_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        key_id, secret = "", ""
    known = desk.secrets.get(key_id, "")
    if scheme != "Basic" or not known or not hmac.compare_digest(known, secret):
        error = {"code": "BAD_REQUEST_ERROR", "description": "Authentication failed"}
        raise Refused({"error": error}, 401)
    return desk.banks[key_id]


def _object(ask: Ask) -> Json:
    body = ask.json()
    if not isinstance(body, dict):
        raise refused("The request is not an object.")
    return body


def _orders(bank: Bank, ask: Ask) -> Json:
    receipt = ask.param("receipt")
    chosen = [one for one in bank.orders.values() if receipt in (one["receipt"] or "")]
    page = _page(chosen, ask)
    if ("expand[]", "payments") in ask.query:
        page = [{**one, "payments": _collection(bank.of_order(one["id"]))} for one in page]
    return _collection(page)


def _page(things: Iterable[Json], ask: Ask) -> list[Json]:
    """The youngest first, between `from` and `to`, at most 100."""
    count, skip = int(ask.param("count", "10")), int(ask.param("skip", "0"))
    if not 1 <= count <= 100:
        raise refused("The count may not be greater than 100.", field="count")
    first, last = int(ask.param("from", "0")), int(ask.param("to", "9999999999"))
    chosen = [one for one in things if first <= one["created_at"] <= last]
    return chosen[::-1][skip : skip + count]


def _collection(items: list[Json]) -> Json:
    return {"entity": "collection", "count": len(items), "items": items}
