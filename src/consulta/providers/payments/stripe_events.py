"""Stripe's signed letters: verified byte by byte, then reduced to ids, states and amounts."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consulta.providers.payments.port import ProviderEvent, SignatureRejected
from consulta.providers.payments.stripe_translation import PAYMENT_KEY, instant, is_opaque

_WORD = re.compile(r"[\x21-\x7e]{1,255}")
_INTEGER_MAX = 2**63 - 1
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
    thing = _object(_object(letter.get("data")).get("object"))
    body = _plain(letter, _EVENT_FIELDS) | {"object": _minimised(thing)}
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


def _minimised(thing: Mapping[str, Any]) -> dict[str, Any]:
    kept = _plain(thing, _OBJECT_FIELDS)
    for name in ("payment_intent", "charge"):
        expanded = _plain(_object(thing.get(name)), ("id",))
        if expanded:
            kept[name] = expanded["id"]
    failure = _plain(_object(thing.get("last_payment_error")), _FAILURE_FIELDS)
    if failure:
        kept["last_payment_error"] = failure
    payment_id = _object(thing.get("metadata")).get(PAYMENT_KEY)
    if isinstance(payment_id, str) and is_opaque(payment_id):
        kept[PAYMENT_KEY] = payment_id
    return kept


def _charge_reference(thing: Mapping[str, Any]) -> str | None:
    reference = thing.get("id" if thing.get("object") == "payment_intent" else "payment_intent")
    return reference if isinstance(reference, str) else None


def _plain(source: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The named fields that are plain words, whole numbers or yes and no; others are left out."""
    return {name: source[name] for name in names if _is_plain(source.get(name))}


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return _WORD.fullmatch(value) is not None
    return isinstance(value, int) and abs(value) <= _INTEGER_MAX


def _instant(value: Any) -> datetime | None:
    known = isinstance(value, int) and 0 <= value <= _SECONDS_MAX
    return instant(value) if known else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
