"""Stripe's signed letters: verified byte by byte, then reduced to ids, states and amounts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consulta.providers.payments.letters import embedded, opaque, plain
from consulta.providers.payments.port import ProviderEvent, SignatureRejected
from consulta.providers.payments.returns import read_form
from consulta.providers.payments.stripe_translation import PAYMENT_KEY, instant

_SECONDS_MAX = 253_402_300_799  # the last second of the year 9999
_EVENT_FIELDS = ("id", "type", "api_version", "created", "livemode", "account")
_OBJECT_FIELDS = (
    "id", "object", "status", "amount", "amount_capturable", "amount_received",
    "amount_captured", "amount_refunded", "currency", "created", "livemode", "payment_intent",
    "charge", "captured", "refunded", "disputed", "cancellation_reason", "reason",
)  # fmt: skip
_FAILURE_FIELDS = ("code", "decline_code", "type")


def event_from(letter: Mapping[str, Any], *, account: str, livemode: bool) -> ProviderEvent:
    """The event in our words, without personal data.

    Raises `SignatureRejected` for a letter that has no usable id, type or object.
    """
    thing = embedded(embedded(letter.get("data")).get("object"))
    body = plain(letter, _EVENT_FIELDS) | {"object": _minimised(thing)}
    event_id, kind = body.get("id"), body.get("type")
    if not (thing and isinstance(event_id, str) and isinstance(kind, str)):
        raise SignatureRejected("The message is not an event.")
    body["livemode"] = letter.get("livemode") is True
    return ProviderEvent(
        id=event_id,
        kind=kind,
        account=account,
        charge_reference=_charge_reference(body["object"]),
        payment_id=body["object"].get(PAYMENT_KEY),
        livemode=body["livemode"],
        is_ours=body["livemode"] is livemode and letter.get("account") in (None, account),
        created_at=_instant(body.get("created")),
        body=body,
    )


def claimed_return(form: bytes) -> tuple[str, str]:
    """The intent that a payer's browser names, and the secret that is to prove it. Raises
    `SignatureRejected` for what has not even their shape.
    """
    fields = read_form(form)
    reference = opaque(fields.get("payment_intent"))
    secret = fields.get("payment_intent_client_secret", "")
    if reference is None or not secret.startswith(f"{reference}_secret_"):
        raise SignatureRejected("The address names no charge.")
    return reference, secret


def _minimised(thing: Mapping[str, Any]) -> dict[str, Any]:
    kept = plain(thing, _OBJECT_FIELDS)
    for name in ("payment_intent", "charge"):
        expanded = plain(embedded(thing.get(name)), ("id",))
        if expanded:
            kept[name] = expanded["id"]
    failure = plain(embedded(thing.get("last_payment_error")), _FAILURE_FIELDS)
    if failure:
        kept["last_payment_error"] = failure
    payment_id = opaque(embedded(thing.get("metadata")).get(PAYMENT_KEY))
    if payment_id is not None:
        kept[PAYMENT_KEY] = payment_id
    return kept


def _charge_reference(thing: Mapping[str, Any]) -> str | None:
    is_itself = thing.get("object") in {"payment_intent", "setup_intent"}
    reference = thing.get("id" if is_itself else "payment_intent")
    return reference if isinstance(reference, str) else None


def _instant(value: Any) -> datetime | None:
    known = isinstance(value, int) and 0 <= value <= _SECONDS_MAX
    return instant(value) if known else None
