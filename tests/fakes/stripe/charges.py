"""Charges: one attempt at a payment method, and what became of its money."""

from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.cards import Card, hold_seconds
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import Json
from tests.fakes.stripe.schema import merged


def retrieve(desk: Desk, params: Json, *, charge_id: str) -> Json:
    return desk.book.find("charge", charge_id)


def update(desk: Desk, params: Json, *, charge_id: str) -> Json:
    charge = desk.book.find("charge", charge_id)
    changes: Json = {
        name: params[name] for name in ("description", "receipt_email") if name in params
    }
    if "metadata" in params:
        changes["metadata"] = merged(charge["metadata"], params["metadata"])
    return change(desk, charge, **changes)


def list_all(desk: Desk, params: Json) -> Json:
    intent, customer = params.get("payment_intent"), params.get("customer")

    def fits(charge: Json) -> bool:
        return intent in (None, charge["payment_intent"]) and customer in (
            None,
            charge["customer"],
        )

    return page(desk.book, "charge", params, url="/v1/charges", where=fits)


def change(desk: Desk, charge: Json, **changes: object) -> Json:
    before = {name: charge[name] for name in changes}
    charge |= changes
    desk.announce("charge.updated", charge, before=before)
    return charge


def made(desk: Desk, intent: Json, method: Json, *, status: str, hold: bool = False) -> Json:
    """A charge in the book with the given outcome: `succeeded`, `pending` or `failed`. It is
    taken at once unless it is a hold; whoever calls announces it.
    """
    card = desk.book.card_of(method["id"])
    approved = status == "succeeded"
    taken = approved and not hold
    charge: Json = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if taken else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": intent["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": dict(method["billing_details"]),
        "calculated_statement_descriptor": None,
        "captured": taken,
        "created": desk.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": card.code if status == "failed" else None,
        "failure_message": card.message if status == "failed" else None,
        "fraud_details": {},
        "livemode": desk.book.livemode,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": intent["on_behalf_of"],
        "outcome": _outcome(card, status=status),
        "paid": approved,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(desk, intent, method, hold=hold and approved),
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": intent["transfer_data"],
        "transfer_group": intent["transfer_group"],
    }
    return desk.book.add(charge)


def _details(desk: Desk, intent: Json, method: Json, *, hold: bool) -> Json:
    card = desk.book.card_of(method["id"])
    if card.kind != "card":
        return {"type": card.kind, card.kind: dict(method[card.kind])}
    face = method["card"]
    off_session = intent["id"] in desk.book.hidden.off_session
    details: Json = {
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "brand": face["brand"],
        "checks": dict(face["checks"]),
        "country": face["country"],
        "exp_month": face["exp_month"],
        "exp_year": face["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": face["fingerprint"],
        "funding": face["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": face["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": face["brand"],
        "network_token": {"used": False},
        "overcapture": {
            "maximum_amount_capturable": intent["amount"],
            "status": "unavailable",
        },
        "three_d_secure": None,
        "wallet": None,
    }
    if hold:
        details["capture_before"] = desk.now + hold_seconds(card, off_session=off_session)
    return {"type": "card", "card": details}


def _outcome(card: Card, *, status: str) -> Json:
    declined = status == "failed"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": card.decline_code if declined else None,
        "seller_message": "The bank declined." if declined else "Payment complete.",
        "type": "issuer_declined" if declined else "authorized",
    }
