"""Saving a card at Stripe: a customer without a name, a SetupIntent, and what it says to us."""

from collections.abc import Mapping
from typing import Any

from consulta.providers.payments.letters import embedded
from consulta.providers.payments.port import Setup, SetupState
from consulta.providers.payments.stripe_translation import next_action_of

METHOD_KEY = "consulta_saved_method"
"""The metadata entry that carries our saved method's id."""

EXPANDED = {"expand": ["payment_method"]}
_ENDS = {"succeeded": SetupState.READY, "canceled": SetupState.FAILED}


def customer_creation(method_id: str) -> dict[str, Any]:
    """A customer for this method alone: forgetting the one is forgetting the other."""
    return {"metadata": {METHOD_KEY: method_id}}


def setup_creation(method_id: str, *, customer: str) -> dict[str, Any]:
    """Cards alone: nothing else can be reserved first and taken later."""
    return {
        "customer": customer,
        "usage": "off_session",
        "allowed_payment_method_types": ["card"],
        "metadata": {METHOD_KEY: method_id},
        **EXPANDED,
    }


def setup_from(intent: Mapping[str, Any]) -> Setup:
    """A SetupIntent as a set-up; a failed try leaves it waiting for another one.

    Raises KeyError, TypeError or ValueError for what is no SetupIntent.
    """
    state = _ENDS.get(intent["status"], SetupState.PENDING)
    is_pending = state is SetupState.PENDING
    method = embedded(intent.get("payment_method"))
    return Setup(
        reference=intent["id"],
        state=state,
        customer_reference=intent["customer"],
        method_reference=method["id"] if state is SetupState.READY else None,
        label=_label(embedded(method.get("card"))),
        next_action=next_action_of(intent) if is_pending else None,
        error_code=embedded(intent.get("last_setup_error")).get("code") if is_pending else None,
    )


def _label(card: Mapping[str, Any]) -> str | None:
    words = (str(card.get("brand") or "card").capitalize(), str(card.get("last4") or ""))
    return " ".join(words).strip()[:40] if card else None
