"""Refunds of captured money, never more than was captured."""

from tests.fakes.stripe import charges, disputes
from tests.fakes.stripe.amounts import in_words, too_large
from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import Json, impossible, invalid, unsupported
from tests.fakes.stripe.schema import merged

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(desk: Desk, params: Json) -> Json:
    """All of what is left, or `amount` of it. Refuses more than is left, and disputed charges."""
    for name in ("currency", "customer", "origin", "instructions_email"):
        if name in params:
            raise unsupported("refunds of a customer's balance", param=name)
    charge = _charge_to_refund(desk, params)
    amount = _amount_to_refund(desk, charge, params.get("amount"))
    card = desk.book.card_of(charge["payment_method"])
    refund: Json = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": desk.now,
        "currency": charge["currency"],
        "destination_details": {"type": "card", "card": {"type": "refund"}},
        "metadata": merged({}, params.get("metadata", {})),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if card.refund == "pending" else "succeeded",
        "transfer_reversal": None,
    }
    desk.book.add(refund)
    _return_money(charge, amount)
    desk.announce("refund.created", refund)
    desk.announce("charge.refunded", charge)
    return refund


def retrieve(desk: Desk, params: Json, *, refund_id: str) -> Json:
    return desk.book.find("refund", refund_id)


def update(desk: Desk, params: Json, *, refund_id: str) -> Json:
    refund = desk.book.find("refund", refund_id)
    before = {"metadata": refund["metadata"]}
    refund["metadata"] = merged(refund["metadata"], params.get("metadata", {}))
    _announce_update(desk, refund, before=before)
    return refund


def list_all(desk: Desk, params: Json) -> Json:
    intent, charge = params.get("payment_intent"), params.get("charge")

    def fits(refund: Json) -> bool:
        return intent in (None, refund["payment_intent"]) and charge in (None, refund["charge"])

    return page(desk.book, "refund", params, url="/v1/refunds", where=fits)


def settle(desk: Desk, refund: Json, *, succeed: bool) -> Json:
    """The bank's last word: a refund that fails gives its amount back to the charge."""
    before = {"status": refund["status"]}
    if refund["status"] == "failed" or (succeed and refund["status"] == "succeeded"):
        raise impossible(f"This refund is already {refund['status']}.")
    if succeed:
        refund["status"] = "succeeded"
        _announce_update(desk, refund, before=before)
        return refund
    refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    charge = desk.book.find("charge", refund["charge"])
    _return_money(charge, -refund["amount"])
    desk.announce("refund.failed", refund)
    _announce_update(desk, refund, before=before)
    charges.change(desk, charge, refunded=charge["refunded"])
    return refund


def _announce_update(desk: Desk, refund: Json, *, before: Json) -> None:
    desk.announce("refund.updated", refund, before=before)
    desk.announce("charge.refund.updated", refund, before=before)


def _return_money(charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def _charge_to_refund(desk: Desk, params: Json) -> Json:
    if "payment_intent" in params and "charge" in params:
        raise invalid("You may only specify one of these parameters: payment_intent, charge.")
    if "charge" in params:
        charge = desk.book.find("charge", params["charge"], param="charge")
    elif "payment_intent" in params:
        intent = desk.book.find("payment_intent", params["payment_intent"], param="payment_intent")
        latest = intent["latest_charge"]
        found = None if latest is None else desk.book.find("charge", latest)
        if found is None or not found["captured"]:
            raise impossible(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        charge = found
    else:
        raise invalid("One of the following params should be provided: payment_intent or charge.")
    if not charge["captured"]:
        raise impossible(f"Charge {charge['id']} has not been captured.", param="charge")
    if disputes.contested(desk, charge, "needs_response", "under_review"):
        raise impossible(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    return charge


def _amount_to_refund(desk: Desk, charge: Json, wanted: int | None) -> int:
    lost = disputes.contested(desk, charge, "lost")
    left = charge["amount_captured"] - charge["amount_refunded"] - lost
    if left == 0:
        raise impossible(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if wanted is None:
        return int(left)
    if wanted > left:
        currency = charge["currency"]
        raise too_large(
            f"Refund amount ({in_words(wanted, currency=currency)}) is greater than unrefunded "
            f"amount on charge ({in_words(left, currency=currency)})",
            param="amount",
        )
    return wanted
