"""Razorpay's signed letters, reduced to ids, states and amounts; the return from its checkout."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consulta.providers.payments.letters import embedded, opaque, plain
from consulta.providers.payments.port import PayersReturn, ProviderEvent, SignatureRejected
from consulta.providers.payments.razorpay_translation import PAYMENT_KEY, instant
from consulta.providers.payments.returns import read_form
from consulta.providers.payments.signatures import (
    is_signed,
    read_json_object,
    verify_plain_signature,
)

SIGNATURE_HEADER = "X-Razorpay-Signature"
EVENT_HEADER = "x-razorpay-event-id"
AHEAD_SECONDS_MAX = 300
AGE_SECONDS_MAX = 7 * 86_400
"""A letter is written once and sent again for a day: much older ones are somebody's copies."""
_ENTITY_FIELDS = (
    "id", "entity", "status", "amount", "currency", "order_id", "payment_id", "captured",
    "amount_refunded", "refund_status", "amount_paid", "error_code", "error_reason", "phase",
    "amount_deducted", "created_at",
)  # fmt: skip
_ENTITIES = ("payment", "order", "refund", "dispute")
_SIGNED_FIELDS = ("razorpay_order_id", "razorpay_payment_id", "razorpay_signature")


def read_letter(
    body: bytes,
    headers: Mapping[str, str],
    *,
    secrets: Sequence[str],
    livemode: bool,
    now: float,
) -> ProviderEvent:
    """The event in our words, without personal data.

    Raises `SignatureRejected` for what was not signed with one of the secrets, was written long
    ago or in the future, or is no event.
    """
    verify_plain_signature(body, headers, header_name=SIGNATURE_HEADER, secrets=secrets)
    letter = read_json_object(body)
    kind, written = _name(letter.get("event")), letter.get("created_at")
    if kind is None or not isinstance(written, int) or isinstance(written, bool):
        raise SignatureRejected("The message is not an event.")
    if not -AGE_SECONDS_MAX <= written - now <= AHEAD_SECONDS_MAX:
        raise SignatureRejected("The timestamp is too far from the present.")
    kept = _minimised(embedded(letter.get("payload")))
    return ProviderEvent(
        id=_event_id(body, headers),
        kind=kind,
        charge_reference=_order_of(kept),
        payment_id=kept.get(PAYMENT_KEY),
        livemode=livemode,
        created_at=instant(written),
        body={"event": kind, "created_at": written, **kept},
    )


def is_payers_return(
    *, key_secret: str, order_reference: str, payment_id: str, signature: str
) -> bool:
    """Whether the payer's browser brings what Razorpay's checkout gave it for that order of ours.

    The order is the one that we stored, never the one that the browser names. True is no proof of
    money: the charge has to be read.
    """
    message = f"{order_reference}|{payment_id}".encode()
    return is_signed(message, signature, secrets=(key_secret,))


def read_return(form: bytes, *, key_secret: str) -> PayersReturn:
    """The order that its payer has paid in the checkout. An order that is not ours was not signed
    for us, either. Raises `SignatureRejected` for anything else.
    """
    fields = read_form(form)
    order = opaque(fields.get("razorpay_order_id"))
    payment = opaque(fields.get("razorpay_payment_id"))
    signature = fields.get("razorpay_signature", "")
    if order is None or payment is None:
        raise SignatureRejected("The form names no order.")
    if not is_payers_return(
        key_secret=key_secret, order_reference=order, payment_id=payment, signature=signature
    ):
        raise SignatureRejected
    return PayersReturn(charge_reference=order)


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """What a browser says about a payment that failed. Razorpay does not sign that."""

    order_reference: str | None
    payment_id: str | None


def read_failure(form: bytes) -> FailedAttempt | None:
    """The attempt that failed, as the checkout tells it, with as much as it tells; None for any
    other form. Raises `SignatureRejected` for what is no form.
    """
    fields = read_form(form)
    if "error[code]" not in fields or any(name in fields for name in _SIGNED_FIELDS):
        return None
    try:
        told = read_json_object(fields.get("error[metadata]", "").encode())
    except SignatureRejected:
        told = {}
    return FailedAttempt(opaque(told.get("order_id")), opaque(told.get("payment_id")))


def _name(value: Any) -> str | None:
    """The name of an event, `payment.dispute.created`."""
    known = isinstance(value, str) and opaque(value.replace(".", "_")) is not None
    return value if known else None


def _event_id(body: bytes, headers: Mapping[str, str]) -> str:
    # The header is not signed. Without a usable one the bytes themselves tell copies apart.
    for name, value in headers.items():
        if name.lower() == EVENT_HEADER and opaque(value):
            return value
    return hashlib.sha256(body).hexdigest()


def _minimised(payload: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name in _ENTITIES:
        entity = embedded(embedded(payload.get(name)).get("entity"))
        if not entity:
            continue
        kept[name] = plain(entity, _ENTITY_FIELDS)
        ours = opaque(embedded(entity.get("notes")).get(PAYMENT_KEY))
        if ours:
            kept[PAYMENT_KEY] = ours
    return kept


def _order_of(kept: Mapping[str, Any]) -> str | None:
    """The order that the letter is about: refunds and disputes bring their payment along."""
    named = kept.get("order", {}).get("id") or kept.get("payment", {}).get("order_id")
    return opaque(named)
