"""Stripe's objects and errors in our words. Plain dictionaries in; no call is made from here."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import stripe

from consulta.kernel.money import Money, exponent_of
from consulta.providers.payments.letters import embedded, opaque
from consulta.providers.payments.port import (
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    Dispute,
    DisputeState,
    NextAction,
    ProviderUnavailable,
    Refund,
)
from consulta.providers.payments.vendor_http import retry_after

logger = logging.getLogger(__name__)

PAYMENT_KEY = "consulta_payment"
"""The metadata entry that carries our payment's id."""
OPERATION_KEY = "consulta_operation"
"""The metadata entry of a refund that carries the key it was asked under."""

_STATES = {
    "requires_payment_method": ChargeState.PENDING,
    "requires_confirmation": ChargeState.PENDING,
    "requires_action": ChargeState.REQUIRES_ACTION,
    "processing": ChargeState.PROCESSING,
    "requires_capture": ChargeState.AUTHORIZED,
    "succeeded": ChargeState.PAID,
    "canceled": ChargeState.CANCELLED,
}
_PAYER_ACTS = {ChargeState.PENDING, ChargeState.REQUIRES_ACTION}
_REFUND_STATES = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}
_DISPUTE_STATES = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.CLOSED,
    "prevented": DisputeState.CLOSED,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}
_STATE_CONFLICTS = {
    "payment_intent_unexpected_state",
    "charge_already_captured",
    "charge_already_refunded",
    "charge_expired_for_capture",
}
_RAW_FIELDS = (
    "id", "object", "status", "amount", "amount_capturable", "amount_received", "currency",
    "created", "canceled_at", "cancellation_reason", "capture_method", "livemode",
)  # fmt: skip
# Where Stripe's minor unit is not the one of ISO 4217: two currencies keep decimals that they
# lost long ago, one has decimals that nobody uses (docs.stripe.com/currencies).
_STRIPE_EXPONENTS = {"ISK": 2, "UGX": 2, "MGA": 0}


def stripe_amount(money: Money) -> int:
    """The amount in Stripe's minor unit. Raises `ChargeRefused` where it has no such amount."""
    factor, divisor = _scale_of(money.currency)
    amount, remainder = divmod(money.amount_minor * factor, divisor)
    if remainder:
        raise ChargeRefused(
            "The provider cannot take this amount in this currency.",
            reason="amount_not_representable",
        )
    return amount


def money_from(amount: int, currency: str) -> Money:
    """Stripe's amount in our minor unit. Raises ValueError where it is no whole number of it."""
    currency = currency.upper()
    factor, divisor = _scale_of(currency)
    minor, remainder = divmod(amount * divisor, factor)
    if remainder:
        raise ValueError("the amount is no whole number of minor units")
    return Money(minor, currency)


def charge_from(intent: Mapping[str, Any]) -> Charge:
    """A PaymentIntent as a charge; `latest_charge` expanded tells captures and refunds, and that
    there was a dispute: how that stands, its own list tells.

    Raises KeyError, TypeError or ValueError for what is no PaymentIntent.
    """
    state = _STATES[intent["status"]]
    currency = intent["currency"]
    amount = money_from(intent["amount"], currency)
    settled = embedded(intent.get("latest_charge"))
    failure = embedded(intent.get("last_payment_error"))
    captured = settled.get("amount_captured") or intent.get("amount_received") or 0
    charge = Charge(
        reference=intent["id"],
        state=state,
        amount=amount,
        authorized_minor=_authorized_minor(intent, state=state, amount=amount),
        captured_minor=money_from(captured, currency).amount_minor,
        refunded_minor=money_from(settled.get("amount_refunded") or 0, currency).amount_minor,
        disputed=bool(settled.get("disputed")),
        next_action=next_action_of(intent) if state in _PAYER_ACTS else None,
        capture_before=_capture_before(settled) if state is ChargeState.AUTHORIZED else None,
        error_code=failure.get("code") if state in _PAYER_ACTS else None,
        decline_code=failure.get("decline_code") if state in _PAYER_ACTS else None,
        payment_id=embedded(intent.get("metadata")).get(PAYMENT_KEY),
        created_at=instant(intent["created"]),
        raw={name: intent[name] for name in _RAW_FIELDS if name in intent},
    )
    return refunded_as(charge, _embedded_refunds(settled))


def refund_from(refund: Mapping[str, Any]) -> Refund:
    """A Refund; one that waits for the bank or the payer is `pending`."""
    return Refund(
        reference=refund["id"],
        amount=money_from(refund["amount"], refund["currency"]),
        state=_REFUND_STATES.get(refund["status"], "pending"),
        key=opaque(embedded(refund.get("metadata")).get(OPERATION_KEY)),
        error_code=opaque(refund.get("failure_reason")),
    )


def refunds_from(listed: Mapping[str, Any]) -> tuple[Refund, ...] | None:
    """All refunds of a list, the oldest first; None where the list goes on elsewhere."""
    if listed["has_more"]:
        return None
    return tuple(refund_from(one) for one in reversed(listed["data"]))


def refunded_as(charge: Charge, refunds: tuple[Refund, ...] | None) -> Charge:
    """The charge with its refunds. Where one has failed, they have the last word of what went back:
    the sum is read at another moment, and nothing promises that it leaves out what failed.
    """
    told = replace(charge, refunds=refunds)
    if not any(one.has_failed for one in refunds or ()):
        return told
    back = sum(one.amount.amount_minor for one in refunds or () if not one.has_failed)
    return replace(told, refunded_minor=min(back, charge.captured_minor))


def _embedded_refunds(settled: Mapping[str, Any]) -> tuple[Refund, ...] | None:
    listed = embedded(settled.get("refunds"))
    return refunds_from(listed) if listed else None


def disputed_as(charge: Charge, listed: Mapping[str, Any]) -> Charge:
    """The charge with its disputes, of which there may be several.

    Raises KeyError, TypeError or ValueError for what is no list of disputes.
    """
    ordered = sorted(listed["data"], key=lambda one: one["created"])
    found = tuple(_dispute_from(one) for one in ordered)
    if not found:
        return charge
    return replace(charge, disputed=any(one.stands for one in found), disputes=found)


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def error_from(error: stripe.StripeError) -> ChargeRefused | ProviderUnavailable:
    """What the SDK's exception means for us.

    Definitive: a card's refusal, a state that does not allow it, a wrong request. Everything else
    is doubt, to be resolved with the same key: no answer, too many requests, a key still in use,
    a failure at Stripe, and our own key refused (which the log tells, without the key).
    """
    status, code = error.http_status or 0, _code_of(error)
    if isinstance(error, stripe.CardError):
        return ChargeRefused(
            reason=code or "card_declined",
            decline_code=opaque(_body_of(error).get("decline_code")),
            charge=_charge_of(error),
        )
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        logger.error("Stripe refused our credentials (HTTP %s, %s)", status, error.request_id)
        return ProviderUnavailable()
    if isinstance(error, stripe.IdempotencyError) and code != "idempotency_key_in_use":
        return ChargeRefused(
            "This key was used for another request.", reason="idempotency_mismatch"
        )
    if isinstance(error, stripe.InvalidRequestError):
        if code in _STATE_CONFLICTS:
            return ChargeStateConflict(reason=code, charge=_charge_of(error))
        return ChargeRefused(reason=code or "invalid_request")
    headers = _headers_of(error)
    return ProviderUnavailable(
        retry_after_seconds=retry_after(headers),
        stored=status >= 500 and _is_stored(headers),
    )


def _scale_of(currency: str) -> tuple[int, int]:
    ours = exponent_of(currency)
    theirs = _STRIPE_EXPONENTS.get(currency, ours)
    return int(10 ** max(theirs - ours, 0)), int(10 ** max(ours - theirs, 0))


def _authorized_minor(intent: Mapping[str, Any], *, state: ChargeState, amount: Money) -> int:
    if state is ChargeState.AUTHORIZED:
        return money_from(intent["amount_capturable"], intent["currency"]).amount_minor
    return amount.amount_minor if state is ChargeState.PAID else 0


def next_action_of(intent: Mapping[str, Any]) -> NextAction:
    """What the payer's browser has to do for an intent that waits for it."""
    redirect = embedded(embedded(intent.get("next_action")).get("redirect_to_url")).get("url")
    return NextAction(
        kind="redirect" if redirect else "client_secret",
        client_secret=intent.get("client_secret"),
        url=redirect,
    )


def _dispute_from(dispute: Mapping[str, Any]) -> Dispute:
    return Dispute(
        reference=dispute["id"],
        # A word that we do not know yet stands for a decision that we have not heard.
        state=_DISPUTE_STATES.get(dispute["status"], DisputeState.OPEN),
        reason=opaque(dispute.get("reason")),
        amount=money_from(dispute["amount"], dispute["currency"]) if dispute["amount"] else None,
    )


def _capture_before(charge: Mapping[str, Any]) -> datetime | None:
    card = embedded(embedded(charge.get("payment_method_details")).get("card"))
    seconds = card.get("capture_before")
    return None if seconds is None else instant(seconds)


def _body_of(error: stripe.StripeError) -> Mapping[str, Any]:
    return embedded(embedded(error.json_body).get("error"))


def _code_of(error: stripe.StripeError) -> str | None:
    # The SDK drops the code of some classes of error, so it is read from the body.
    return opaque(_body_of(error).get("code"))


def _charge_of(error: stripe.StripeError) -> Charge | None:
    intent = _body_of(error).get("payment_intent")
    try:
        return None if intent is None else charge_from(intent)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _headers_of(error: stripe.StripeError) -> Mapping[str, str]:
    # For a body that is not JSON the SDK passes the headers where the body belongs.
    if isinstance(error.json_body, httpx.Headers):
        return error.json_body
    return httpx.Headers(dict(error.headers or {}))


def _is_stored(headers: Mapping[str, str]) -> bool:
    return (
        headers.get("idempotent-replayed") == "true"
        or headers.get("stripe-should-retry") == "false"
    )
