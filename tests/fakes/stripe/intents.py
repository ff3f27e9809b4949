"""PaymentIntents: made, changed, read. How they are confirmed and ended has its own rooms."""

import secrets

from tests.fakes.stripe import attempts
from tests.fakes.stripe.amounts import check_amount, checked_currency
from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.methods import usable
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import Json, invalid, unexpected_state, unsupported
from tests.fakes.stripe.schema import merged
from tests.fakes.stripe.states import Action, Status, after, open_to

UNSUPPORTED = (
    "confirmation_token",
    "hooks",
    "mandate",
    "mandate_data",
    "payment_method_data",
    "amount_to_confirm",
)
ONLY_WITH_CONFIRM = ("error_on_requires_action", "off_session", "return_url")
PLAIN_FIELDS = (
    "application_fee_amount",
    "description",
    "on_behalf_of",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)


def create(desk: Desk, params: Json) -> Json:
    """A new intent; with `confirm` also its first attempt, whose decline leaves it alive."""
    refuse_unsupported(params)
    confirm = params.get("confirm", False)
    for name in ONLY_WITH_CONFIRM:
        if name in params and not confirm:
            raise invalid(
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless "
                "`confirm` is set to true.",
                param=name,
            )
    intent = _new(desk, params)
    if confirm:
        attempts.require_return_url(intent, params)
    if "payment_method" in params:
        method = usable(desk, params["payment_method"], customer=intent["customer"])
        intent |= {"payment_method": method["id"], "status": Status.REQUIRES_CONFIRMATION.value}
    if confirm and intent["payment_method"] is None:
        raise attempts.no_method(intent)
    desk.book.add(intent)
    desk.announce("payment_intent.created", intent)
    return attempts.attempt(desk, intent, params) if confirm else intent


def retrieve(desk: Desk, params: Json, *, intent_id: str) -> Json:
    return desk.book.find("payment_intent", intent_id)


def list_all(desk: Desk, params: Json) -> Json:
    customer = params.get("customer")
    return page(
        desk.book,
        "payment_intent",
        params,
        url="/v1/payment_intents",
        where=lambda intent: customer in (None, intent["customer"]),
    )


def update(desk: Desk, params: Json, *, intent_id: str) -> Json:
    """Amount, currency and method only before the bank was asked; labels at any time."""
    intent = desk.book.find("payment_intent", intent_id)
    refuse_unsupported(params)
    changes: Json = {name: params[name] or None for name in PLAIN_FIELDS if name in params}
    if "metadata" in params:
        changes["metadata"] = merged(intent["metadata"], params["metadata"])
    if "customer" in params:
        changes["customer"] = desk.book.find("customer", params["customer"], param="customer")["id"]
    for name in ("amount", "currency", "capture_method"):
        if name in params and params[name] != intent[name]:
            changes[name] = params[name]
            changes["status"] = _status_after(intent, Action.CHANGE_AMOUNT, what=name)
    if "currency" in changes:
        changes["currency"] = checked_currency(changes["currency"])
    proposed = intent | changes
    check_amount(proposed["amount"], currency=proposed["currency"])
    if "payment_method" in params:
        status = _status_after(intent, Action.ATTACH_METHOD, what="payment_method")
        customer = changes.get("customer", intent["customer"])
        method = usable(desk, params["payment_method"], customer=customer)
        changes |= {"payment_method": method["id"], "status": status, "next_action": None}
    intent |= changes
    if intent["status"] != Status.REQUIRES_ACTION:
        intent["next_action"] = None
    return intent


def refuse_unsupported(params: Json) -> None:
    for name in UNSUPPORTED:
        if name in params:
            raise unsupported(name, param=name)
    if params.get("confirmation_method") == "manual":
        raise unsupported("confirmation_method=manual", param="confirmation_method")


def _status_after(intent: Json, action: Action, *, what: str) -> str:
    status = after(intent["status"], action)
    if status is None:
        raise unexpected_state(
            f"This PaymentIntent's {what} could not be updated because it has a status of "
            f"{intent['status']}. You may only update the {what} of a PaymentIntent with one of "
            f"the following statuses: {', '.join(open_to(action))}.",
            intent=intent,
        )
    return status.value


def _new(desk: Desk, params: Json) -> Json:
    currency = checked_currency(params["currency"])
    check_amount(params["amount"], currency=currency)
    customer = params.get("customer") or None
    if customer is not None:
        desk.book.find("customer", customer, param="customer")
    intent_id = new_id("pi")
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": f"{intent_id}_secret_{secrets.token_urlsafe(18)}",
        "confirmation_method": "automatic",
        "created": desk.now,
        "currency": currency,
        "customer": customer,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": desk.book.livemode,
        "metadata": merged({}, params.get("metadata", {})),
        "next_action": None,
        "payment_method": None,
        "payment_method_options": params.get("payment_method_options", {}),
        "processing": None,
        "review": None,
        "shipping": params.get("shipping"),
        "source": None,
        "status": Status.REQUIRES_PAYMENT_METHOD.value,
        **_allowed_methods(params),
        **{name: params.get(name) or None for name in PLAIN_FIELDS},
    }


def _allowed_methods(params: Json) -> Json:
    """The account's own choice by default, which may redirect; a list of types turns it off."""
    listed = params.get("allowed_payment_method_types")
    automatic = params.get("automatic_payment_methods")
    if listed is not None:
        if automatic is not None and automatic.get("enabled"):
            raise invalid(
                "You may only specify one of these parameters: automatic_payment_methods, "
                "allowed_payment_method_types."
            )
        return {
            "allowed_payment_method_types": listed,
            "automatic_payment_methods": None,
            "payment_method_types": listed,
        }
    chosen = {"enabled": True, "allow_redirects": "always"} | (automatic or {})
    return {"automatic_payment_methods": chosen, "payment_method_types": ["card"]}
