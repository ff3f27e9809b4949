"""Attempts at a PaymentIntent: what the bank says to a confirmation, at once or later."""

import copy

from tests.fakes.stripe import charges, disputes
from tests.fakes.stripe.cards import Card
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.methods import card_error, usable
from tests.fakes.stripe.refusals import Json, Refused, card_refused, invalid, unexpected_state
from tests.fakes.stripe.states import Action, Status, after

AUTHENTICATION_FAILED = {
    "type": "invalid_request_error",
    "code": "payment_intent_authentication_failure",
    "message": "We are unable to authenticate your payment method. Please choose a different "
    "payment method and try again.",
}
AUTHENTICATION_REQUIRED = Card(
    "0000",
    code="authentication_required",
    decline_code="authentication_required",
    message="Your card was declined. This transaction requires authentication.",
)


def confirm(desk: Desk, params: Json, *, intent_id: str) -> Json:
    """One attempt, with the method on the intent or with the one brought along.

    A decline is a 402 and puts the same intent back to `requires_payment_method`.
    """
    intent = desk.book.find("payment_intent", intent_id)
    return confirmed(desk, intent, params, by_browser=False)


def confirmed(desk: Desk, intent: Json, params: Json, *, by_browser: bool) -> Json:
    if after(intent["status"], Action.ATTACH_METHOD) is None:
        raise _cannot_confirm(intent)
    if not by_browser:
        require_return_url(intent, params)
    if "payment_method" in params:
        method = usable(desk, params["payment_method"], customer=intent["customer"])
        intent |= {"payment_method": method["id"], "status": Status.REQUIRES_CONFIRMATION.value}
    for name in ("receipt_email", "setup_future_usage", "capture_method"):
        if name in params:
            intent[name] = params[name] or None
    return attempt(desk, intent, params)


def require_return_url(intent: Json, params: Json) -> None:
    """Methods that redirect need somewhere to come back to, unless they are switched off."""
    automatic = intent["automatic_payment_methods"]
    if automatic is None or not automatic["enabled"]:
        may_redirect = intent["payment_method_types"] != ["card"]
    else:
        may_redirect = automatic["allow_redirects"] != "never"
    if may_redirect and not params.get("return_url"):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "
            "Because some of these payment methods might redirect your customer off of your page, "
            "you must provide a `return_url`. If you don't want to accept redirect-based payment "
            "methods, set `automatic_payment_methods[enabled]` to `true` and "
            "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents "
            "and Payment Intents.",
            param="return_url",
        )


def no_method(intent: Json) -> Refused:
    return unexpected_state(
        "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
        "either update the PaymentIntent with a payment method and then confirm it again, or "
        "confirm it again directly with a payment method or ConfirmationToken.",
        intent=intent,
    )


def _cannot_confirm(intent: Json) -> Refused:
    if intent["status"] == Status.SUCCEEDED:
        why = "it has already succeeded after being previously confirmed."
    else:
        why = (
            f"it has a status of {intent['status']}. Only a PaymentIntent with one of the "
            "following statuses may be confirmed: requires_confirmation, requires_action."
        )
    return unexpected_state(f"You cannot confirm this PaymentIntent because {why}", intent=intent)


def attempt(desk: Desk, intent: Json, params: Json) -> Json:
    """The bank is asked, and the intent stands where its answer leads."""
    if after(intent["status"], Action.CHALLENGE) is None:
        raise no_method(intent)
    hidden = desk.book.hidden
    off_session = params.get("off_session", "false") != "false"
    (hidden.off_session.add if off_session else hidden.off_session.discard)(intent["id"])
    if params.get("return_url"):
        hidden.return_urls[intent["id"]] = params["return_url"]
    intent["last_payment_error"] = None
    method = desk.book.find("payment_method", intent["payment_method"], param="payment_method")
    card = desk.book.card_of(method["id"])
    if _is_challenged(desk, card, method, off_session=off_session):
        if off_session or params.get("error_on_requires_action"):
            return decline(desk, intent, method, AUTHENTICATION_REQUIRED)
        return _challenge(desk, intent)
    if card.code is not None:
        return decline(desk, intent, method, card)
    if card.slow:
        return _start_processing(desk, intent, method)
    return approve(desk, intent, Action.APPROVE_HOLD, Action.APPROVE_TAKE)


def _is_challenged(desk: Desk, card: Card, method: Json, *, off_session: bool) -> bool:
    if card.challenge == "until_saved":
        return not (off_session and method["id"] in desk.book.hidden.saved)
    return card.challenge == "always"


def approve(desk: Desk, intent: Json, hold: Action, take: Action) -> Json:
    """The money is held or taken, as the capture method says."""
    is_hold = intent["capture_method"] == "manual"
    _move(intent, hold if is_hold else take)
    method = desk.book.find("payment_method", intent["payment_method"])
    charge = charges.made(desk, intent, method, status="succeeded", hold=is_hold)
    taken = 0 if is_hold else intent["amount"]
    intent |= {
        "amount_capturable": intent["amount"] - taken,
        "amount_received": taken,
        "latest_charge": charge["id"],
        "next_action": None,
    }
    _keep_or_spend(desk, intent, method)
    desk.announce("charge.succeeded", charge)
    kind = "amount_capturable_updated" if is_hold else "succeeded"
    desk.announce(f"payment_intent.{kind}", intent)
    if not is_hold:
        disputes.open_if_magic(desk, charge)
    return intent


def _keep_or_spend(desk: Desk, intent: Json, method: Json) -> None:
    """A method that nobody saved serves once."""
    if method["customer"] is not None:
        return
    if intent["customer"] is not None and intent["setup_future_usage"] is not None:
        method["customer"] = intent["customer"]
        desk.book.hidden.saved.add(method["id"])
        desk.announce("payment_method.attached", method)
    else:
        desk.book.hidden.spent.add(method["id"])


def decline(desk: Desk, intent: Json, method: Json, card: Card) -> Json:
    """Raises the 402, after the same intent is open for another method."""
    charge = charges.made(desk, intent, method, status="failed")
    charge |= {"failure_code": card.code, "failure_message": card.message}
    error = card_error(card, copy.deepcopy(method), charge=charge["id"])
    _fail(desk, intent, Action.DECLINE, error, charge=charge)
    raise card_refused(error, noun="payment_intent", intent=copy.deepcopy(intent))


def _fail(
    desk: Desk, intent: Json, action: Action, error: Json, *, charge: Json | None = None
) -> None:
    _move(intent, action)
    intent |= {
        "last_payment_error": error,
        "payment_method": None,
        "next_action": None,
        "processing": None,
    }
    if charge is not None:
        intent["latest_charge"] = charge["id"]
        desk.announce("charge.failed", charge)
    desk.announce("payment_intent.payment_failed", intent)


def _challenge(desk: Desk, intent: Json) -> Json:
    _move(intent, Action.CHALLENGE)
    page = (
        f"{desk.base_url}/_fake/payment_intents/{intent['id']}/authenticate"
        f"?client_secret={intent['client_secret']}"
    )
    return_url = desk.book.hidden.return_urls.get(intent["id"])
    if return_url is not None:
        redirect = {"return_url": return_url, "url": page}
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect}
    else:
        stripe_js = {"type": "three_d_secure_redirect", "stripe_js": page}
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": stripe_js}
    desk.announce("payment_intent.requires_action", intent)
    return intent


def complete_challenge(desk: Desk, intent: Json, *, succeed: bool) -> Json:
    """The payer answered the bank's question. Refused unless the intent waits for that."""
    if after(intent["status"], Action.PASS_HOLD) is None:
        raise unexpected_state("This PaymentIntent does not wait for an action.", intent=intent)
    method = desk.book.find("payment_method", intent["payment_method"])
    if not succeed:
        error = {**AUTHENTICATION_FAILED, "payment_method": copy.deepcopy(method)}
        _fail(desk, intent, Action.FAIL_CHALLENGE, error)
        return intent
    return approve(desk, intent, Action.PASS_HOLD, Action.PASS_TAKE)


def _start_processing(desk: Desk, intent: Json, method: Json) -> Json:
    if intent["capture_method"] == "manual":
        raise invalid("The payment method cannot be captured manually.", param="capture_method")
    _move(intent, Action.START_PROCESSING)
    charge = charges.made(desk, intent, method, status="pending")
    intent |= {"latest_charge": charge["id"], "next_action": None}
    intent["processing"] = {"type": method["type"]}
    desk.announce("charge.pending", charge)
    desk.announce("payment_intent.processing", intent)
    return intent


def settle(desk: Desk, intent: Json, *, succeed: bool) -> Json:
    """The bank made up its mind about a slow payment."""
    if after(intent["status"], Action.SETTLE) is None:
        raise unexpected_state("This PaymentIntent is not processing.", intent=intent)
    charge = desk.book.find("charge", intent["latest_charge"])
    method = desk.book.find("payment_method", intent["payment_method"])
    if not succeed:
        charge |= {"status": "failed", "paid": False, "failure_code": "insufficient_funds"}
        card = Card("0000", code="insufficient_funds", message="The bank debit was returned.")
        error = card_error(card, copy.deepcopy(method), charge=charge["id"])
        _fail(desk, intent, Action.FAIL_PROCESSING, error, charge=charge)
        return intent
    _move(intent, Action.SETTLE)
    charge |= {"status": "succeeded", "paid": True, "captured": True}
    charge["amount_captured"] = charge["amount"]
    intent |= {"amount_received": intent["amount"], "processing": None}
    _keep_or_spend(desk, intent, method)
    desk.announce("charge.succeeded", charge)
    desk.announce("payment_intent.succeeded", intent)
    return intent


def _move(intent: Json, action: Action) -> None:
    status = after(intent["status"], action)
    if status is None:
        raise unexpected_state(
            f"This PaymentIntent cannot {action} with a status of {intent['status']}.",
            intent=intent,
        )
    intent["status"] = status.value
