"""How a PaymentIntent ends: the hold is captured, cancelled, or lapses by itself."""

from tests.fakes.stripe import disputes
from tests.fakes.stripe.amounts import too_large
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.refusals import Json, unexpected_state, unsupported
from tests.fakes.stripe.states import Action, Status, after, open_to


def capture(desk: Desk, params: Json, *, intent_id: str) -> Json:
    """Takes all of the hold or a part, once; the rest is released without a refund object."""
    intent = desk.book.find("payment_intent", intent_id)
    status = after(intent["status"], Action.CAPTURE)
    if status is None:
        raise _cannot_capture(intent)
    if params.get("final_capture") is False:
        raise unsupported("more than one capture", param="final_capture")
    amount = params.get("amount_to_capture", intent["amount_capturable"])
    if amount > intent["amount_capturable"]:
        raise too_large(
            f"The amount to capture ({amount}) is greater than the amount that can be captured "
            f"({intent['amount_capturable']}).",
            param="amount_to_capture",
        )
    charge = desk.book.find("charge", intent["latest_charge"])
    charge |= {"captured": True, "amount_captured": amount}
    intent |= {"status": status.value, "amount_received": amount, "amount_capturable": 0}
    desk.announce("charge.captured", charge)
    desk.announce("payment_intent.succeeded", intent)
    disputes.open_if_magic(desk, charge)
    return intent


def cancel(desk: Desk, params: Json, *, intent_id: str) -> Json:
    """The intent is over and any hold released; neither a refund nor a refunded amount remains."""
    intent = desk.book.find("payment_intent", intent_id)
    if after(intent["status"], Action.CANCEL) is None:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. "
            "Only a PaymentIntent with one of the following statuses may be canceled: "
            f"{', '.join(open_to(Action.CANCEL))}.",
            intent=intent,
        )
    return _end(desk, intent, reason=params.get("cancellation_reason"))


def expire(desk: Desk, intent: Json) -> Json:
    """The bank let the hold go. Refused unless there is one."""
    if after(intent["status"], Action.EXPIRE) is None:
        raise unexpected_state("This PaymentIntent holds no money.", intent=intent)
    desk.announce("charge.expired", desk.book.find("charge", intent["latest_charge"]))
    return _end(desk, intent, reason="expired")


def expire_due(desk: Desk) -> list[str]:
    """Every hold whose `capture_before` has passed is let go; returns the intents' ids."""
    ended = []
    held = desk.book.all("payment_intent", lambda i: i["status"] == Status.REQUIRES_CAPTURE)
    for intent in list(held):
        charge = desk.book.find("charge", intent["latest_charge"])
        if charge["payment_method_details"]["card"]["capture_before"] <= desk.now:
            expire(desk, intent)
            ended.append(intent["id"])
    return ended


def _end(desk: Desk, intent: Json, *, reason: str | None) -> Json:
    intent |= {
        "status": Status.CANCELED.value,
        "amount_capturable": 0,
        "canceled_at": desk.now,
        "cancellation_reason": reason or None,
        "next_action": None,
    }
    desk.announce("payment_intent.canceled", intent)
    return intent


def _cannot_capture(intent: Json) -> Exception:
    if intent["status"] == Status.SUCCEEDED:
        why = "it has already been captured."
    else:
        why = (
            f"it has a status of {intent['status']}. Only a PaymentIntent with one of the "
            f"following statuses may be captured: {', '.join(open_to(Action.CAPTURE))}."
        )
    return unexpected_state(
        f"This PaymentIntent could not be captured because {why}", intent=intent
    )
