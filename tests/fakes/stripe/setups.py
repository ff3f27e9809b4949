"""SetupIntents: a method authenticated now and kept for a customer's later payments."""

import copy
import secrets

from tests.fakes.stripe.attempts import AUTHENTICATION_FAILED, require_return_url
from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.methods import card_error, usable
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import Json, Refused, card_refused, unexpected_state, unsupported
from tests.fakes.stripe.schema import merged

UNSUPPORTED = (
    "attach_to_self",
    "confirmation_token",
    "flow_directions",
    "payment_method_data",
    "single_use",
)
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(desk: Desk, params: Json) -> Json:
    _refuse_unsupported(params)
    customer = params.get("customer") or None
    if customer is not None:
        desk.book.find("customer", customer, param="customer")
    intent = _new(desk, params, customer=customer)
    if params.get("confirm"):
        require_return_url(intent, params)
    if "payment_method" in params:
        method = usable(desk, params["payment_method"], customer=customer)
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    desk.book.add(intent)
    desk.announce("setup_intent.created", intent)
    return _attempt(desk, intent, params) if params.get("confirm") else intent


def retrieve(desk: Desk, params: Json, *, intent_id: str) -> Json:
    return desk.book.find("setup_intent", intent_id)


def list_all(desk: Desk, params: Json) -> Json:
    customer, method = params.get("customer"), params.get("payment_method")

    def fits(intent: Json) -> bool:
        return customer in (None, intent["customer"]) and method in (
            None,
            intent["payment_method"],
        )

    return page(desk.book, "setup_intent", params, url="/v1/setup_intents", where=fits)


def confirm(desk: Desk, params: Json, *, intent_id: str) -> Json:
    """The method is authenticated and attached, or a 402 leaves the same intent open."""
    intent = desk.book.find("setup_intent", intent_id)
    return confirmed(desk, intent, params, by_browser=False)


def confirmed(desk: Desk, intent: Json, params: Json, *, by_browser: bool) -> Json:
    _refuse_unsupported(params)
    if intent["status"] not in OPEN:
        raise _unexpected(intent, "confirm")
    if not by_browser:
        require_return_url(intent, params)
    if "payment_method" in params:
        method = usable(desk, params["payment_method"], customer=intent["customer"])
        intent["payment_method"] = method["id"]
    return _attempt(desk, intent, params)


def cancel(desk: Desk, params: Json, *, intent_id: str) -> Json:
    intent = desk.book.find("setup_intent", intent_id)
    if intent["status"] not in OPEN:
        raise _unexpected(intent, "cancel")
    intent |= {
        "status": "canceled",
        "next_action": None,
        "cancellation_reason": params.get("cancellation_reason"),
    }
    desk.announce("setup_intent.canceled", intent)
    return intent


def complete_challenge(desk: Desk, intent: Json, *, succeed: bool) -> Json:
    if intent["status"] != "requires_action":
        raise _unexpected(intent, "authenticate")
    if succeed:
        return _succeed(desk, intent)
    method = desk.book.find("payment_method", intent["payment_method"])
    error = AUTHENTICATION_FAILED | {"code": "setup_intent_authentication_failure"}
    _fail(desk, intent, {**error, "payment_method": copy.deepcopy(method)})
    return intent


def _attempt(desk: Desk, intent: Json, params: Json) -> Json:
    if intent["payment_method"] is None:
        raise _unexpected(intent, "confirm")
    if params.get("return_url"):
        desk.book.hidden.return_urls[intent["id"]] = params["return_url"]
    intent["last_setup_error"] = None
    method = desk.book.find("payment_method", intent["payment_method"], param="payment_method")
    card = desk.book.card_of(method["id"])
    if card.challenge != "never":
        return _challenge(desk, intent)
    if not card.attachable:
        error = card_error(card, copy.deepcopy(method))
        _fail(desk, intent, error)
        raise card_refused(error, noun="setup_intent", intent=copy.deepcopy(intent))
    return _succeed(desk, intent)


def _challenge(desk: Desk, intent: Json) -> Json:
    page_url = (
        f"{desk.base_url}/_fake/setup_intents/{intent['id']}/authenticate"
        f"?client_secret={intent['client_secret']}"
    )
    intent["status"] = "requires_action"
    return_url = desk.book.hidden.return_urls.get(intent["id"])
    if return_url is not None:
        redirect = {"return_url": return_url, "url": page_url}
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect}
    else:
        stripe_js = {"type": "three_d_secure_redirect", "stripe_js": page_url}
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": stripe_js}
    desk.announce("setup_intent.requires_action", intent)
    return intent


def _succeed(desk: Desk, intent: Json) -> Json:
    method = desk.book.find("payment_method", intent["payment_method"])
    intent |= {"status": "succeeded", "next_action": None}
    if intent["customer"] is not None and method["customer"] is None:
        method["customer"] = intent["customer"]
        desk.announce("payment_method.attached", method)
    desk.book.hidden.saved.add(method["id"])
    desk.announce("setup_intent.succeeded", intent)
    return intent


def _fail(desk: Desk, intent: Json, error: Json) -> None:
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_setup_error": error,
    }
    desk.announce("setup_intent.setup_failed", intent)


def _refuse_unsupported(params: Json) -> None:
    for name in UNSUPPORTED:
        if name in params:
            raise unsupported(name, param=name)


def _unexpected(intent: Json, verb: str) -> Refused:
    return unexpected_state(
        f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
        intent=intent,
        noun="setup_intent",
    )


def _new(desk: Desk, params: Json, *, customer: str | None) -> Json:
    intent_id = new_id("seti")
    chosen = {"enabled": True, "allow_redirects": "always"}
    listed = params.get("allowed_payment_method_types")
    return {
        "id": intent_id,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": (
            None if listed else chosen | params.get("automatic_payment_methods", {})
        ),
        "cancellation_reason": None,
        "client_secret": f"{intent_id}_secret_{secrets.token_urlsafe(18)}",
        "created": desk.now,
        "customer": customer,
        "description": params.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": desk.book.livemode,
        "mandate": None,
        "metadata": merged({}, params.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": listed or ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
    }
