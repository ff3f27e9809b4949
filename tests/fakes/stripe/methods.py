"""Payment methods: made from magic names or test numbers, attached, detached, spent."""

from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.cards import CARDS, NAME_OF_NUMBER, Card, name_of_token
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import (
    Json,
    Refused,
    card_refused,
    impossible,
    invalid,
    missing,
    unknown,
    unsupported,
)
from tests.fakes.stripe.schema import merged

CARD_FIELDS = {"number", "exp_month", "exp_year", "cvc", "token"}


def create(desk: Desk, params: Json) -> Json:
    if params["type"] != "card":
        raise unsupported(f"payment methods of type {params['type']}", param="type")
    card = params.get("card")
    if not isinstance(card, dict):
        raise missing("card")
    for name in card:
        if name not in CARD_FIELDS:
            raise unknown(f"card[{name}]")
    method = made(desk, _magic_name(card))
    method["billing_details"] |= params.get("billing_details") or {}
    method["metadata"] = merged({}, params.get("metadata", {}))
    return method


def retrieve(desk: Desk, params: Json, *, method_id: str) -> Json:
    if method_id in CARDS:
        return made(desk, method_id)
    return desk.book.find("payment_method", method_id)


def attach(desk: Desk, params: Json, *, method_id: str) -> Json:
    """The customer may be charged with it from now on. Cards that always decline are refused."""
    customer = desk.book.find("customer", params["customer"], param="customer")
    method = usable(desk, method_id, customer=customer["id"], param=None)
    card = desk.book.card_of(method["id"])
    if not card.attachable:
        raise card_refused(card_error(card, method), noun="payment_method", intent=method)
    method["customer"] = customer["id"]
    desk.announce("payment_method.attached", method)
    return method


def detach(desk: Desk, params: Json, *, method_id: str) -> Json:
    method = desk.book.find("payment_method", method_id)
    if method["customer"] is None:
        raise impossible(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
    former, method["customer"] = method["customer"], None
    desk.book.hidden.spent.add(method_id)
    desk.announce("payment_method.detached", method, before={"customer": former})
    return method


def list_all(desk: Desk, params: Json) -> Json:
    return _page(desk, params, url="/v1/payment_methods", customer=params.get("customer"))


def list_of_customer(desk: Desk, params: Json, *, customer_id: str) -> Json:
    desk.book.find("customer", customer_id)
    url = f"/v1/customers/{customer_id}/payment_methods"
    return _page(desk, params, url=url, customer=customer_id)


def _page(desk: Desk, params: Json, *, url: str, customer: str | None) -> Json:
    kind = params.get("type")

    def fits(method: Json) -> bool:
        return method["customer"] == customer and kind in (None, method["type"])

    return page(desk.book, "payment_method", params, url=url, where=fits)


def usable(
    desk: Desk, reference: str, *, customer: str | None, param: str | None = "payment_method"
) -> Json:
    """The method, if it may be used for this customer now; a magic name makes a fresh one.

    A method that was used once without being saved, or belongs to somebody else, is refused.
    """
    if reference in CARDS:
        return made(desk, reference)
    method = desk.book.find("payment_method", reference, param=param)
    if method["customer"] is None and reference in desk.book.hidden.spent:
        raise impossible(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, shared with a connected account without Customer attachment, or was "
            "detached from a Customer. It may not be used again. To use a PaymentMethod multiple "
            "times, you must attach it to a Customer first.",
            param=param,
        )
    if method["customer"] not in (None, customer):
        raise _belongs_elsewhere(method, customer=customer)
    return method


def _belongs_elsewhere(method: Json, *, customer: str | None) -> Refused:
    if customer is None:
        return impossible(
            "The PaymentMethod you provided belongs to a Customer. Please include the Customer in "
            "the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    return impossible(
        f"The payment method {method['id']} does not belong to the Customer {customer}.",
        param="payment_method",
    )


def made(desk: Desk, magic_name: str) -> Json:
    card = CARDS[magic_name]
    method: Json = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "created": desk.now,
        "customer": None,
        "customer_account": None,
        "livemode": desk.book.livemode,
        "metadata": {},
        "type": card.kind,
        card.kind: _face(card),
    }
    desk.book.hidden.cards[method["id"]] = magic_name
    return desk.book.add(method)


def card_error(card: Card, method: Json, *, charge: str | None = None) -> Json:
    """What the intent remembers as its last error, and the reply carries."""
    error: Json = {
        "type": "card_error",
        "code": card.code or "card_declined",
        "decline_code": card.decline_code or "generic_decline",
        "message": card.message,
        "payment_method": method,
    }
    if charge is not None:
        error["charge"] = charge
    return error


def _face(card: Card) -> Json:
    if card.kind != "card":
        return {"bank_name": "STRIPE TEST BANK", "last4": card.last4, "account_type": "checking"}
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": card.brand,
        "exp_month": 8,
        "exp_year": 2040,
        "fingerprint": f"fake{card.number[-12:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _magic_name(card: Json) -> str:
    if "token" in card:
        name = name_of_token(card["token"])
        if name not in CARDS:
            raise invalid(
                f"No such token: '{card['token']}'", code="resource_missing", param="card"
            )
        return name
    for field in ("number", "exp_month", "exp_year"):
        if field not in card:
            raise missing(f"card[{field}]")
    name = NAME_OF_NUMBER.get(card["number"].replace(" ", ""), "")
    if name not in CARDS or CARDS[name].kind != "card":
        raise Refused(
            402,
            kind="card_error",
            code="incorrect_number",
            message="Your card number is incorrect.",
            param="number",
        )
    return name
