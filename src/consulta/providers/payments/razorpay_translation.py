"""Razorpay's orders and payments in our words. Plain dictionaries in; no call is made from here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from consulta.kernel.money import Money, exponent_of
from consulta.providers.payments.letters import embedded, opaque, plain
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Charge,
    ChargeRefused,
    ChargeState,
    Dispute,
    DisputeState,
    NextAction,
    ProviderUnavailable,
    Refund,
)

PAYMENT_KEY = "consulta_payment"
"""The note that carries our payment's id; the receipt says the same."""
OPERATION_KEY = "consulta_operation"
"""The note of a refund that carries the key it was asked under."""
HOLD_MINUTES = 7200
"""For so long, the longest that is allowed, an authorised payment can be captured; then Razorpay
returns it by itself (docs: payments/capture-settings)."""
_CAPTURE_OPTIONS = {"manual_expiry_period": HOLD_MINUTES, "refund_speed": "normal"}
_AT_ONCE = {"automatic_expiry_period": HOLD_MINUTES, **_CAPTURE_OPTIONS}
_DISPUTE_STATES = {
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "closed": DisputeState.CLOSED,
}
_INQUIRIES = {"fraud", "retrieval"}
_REFUND_STATES = {"processed": "succeeded", "failed": "failed"}
_RAW_FIELDS = ("id", "entity", "status", "amount", "amount_paid", "amount_due", "currency",
               "receipt", "attempts", "created_at")  # fmt: skip
_RAW_PAYMENT_FIELDS = ("id", "status", "captured", "amount", "currency", "amount_refunded",
                       "refund_status", "method", "error_code", "error_reason")  # fmt: skip


def razorpay_amount(money: Money) -> int:
    """The amount in Razorpay's sub-unit, which is ours. Of three decimals the last has to be 0
    (docs: api/orders/create): raises `ChargeRefused` for others.
    """
    if exponent_of(money.currency) == 3 and money.amount_minor % 10:
        raise ChargeRefused(
            "The provider cannot take this amount in this currency.",
            reason="amount_not_representable",
        )
    return money.amount_minor


def creation(order: AuthorizeOrder) -> dict[str, Any]:
    """The body of an order: its receipt is our payment, and it is captured by hand or at once."""
    others = {key: value for key, value in order.metadata.items() if opaque(value)}
    return {
        "amount": razorpay_amount(order.amount),
        "currency": order.amount.currency,
        "receipt": order.payment_id,
        "notes": {**others, PAYMENT_KEY: order.payment_id},
        "payment": {
            "capture": "automatic" if order.capture_now else "manual",
            "capture_options": _AT_ONCE if order.capture_now else _CAPTURE_OPTIONS,
        },
    }


def is_ours(order: Mapping[str, Any]) -> bool:
    """Whether we made the order; others at the same account are not ours to judge."""
    return opaque(embedded(order.get("notes")).get(PAYMENT_KEY)) is not None


def charge_from(
    order: Mapping[str, Any],
    payments: Sequence[Mapping[str, Any]],
    *,
    disputes: tuple[Dispute, ...] = (),
) -> Charge:
    """An order and the payments tried on it as one charge: what was taken counts before what is
    reserved, that before what is under way, and a failure last.

    Raises KeyError, TypeError or ValueError for what is no order.
    """
    asked = Money(_whole(order["amount"]), order["currency"])
    tried = principal(payments)
    state = _state(tried)
    moved = tried is not None and state in {ChargeState.AUTHORIZED, ChargeState.PAID}
    # What was really paid is told, so that a difference to what we asked for cannot go unseen.
    amount = Money(_whole(tried["amount"]), tried["currency"]) if moved and tried else asked
    paid = state is ChargeState.PAID
    return Charge(
        reference=_id(order),
        state=state,
        amount=amount,
        authorized_minor=amount.amount_minor if moved else 0,
        captured_minor=amount.amount_minor if paid else 0,
        refunded_minor=_whole(tried.get("amount_refunded") or 0) if paid and tried else 0,
        disputed=any(one.stands for one in disputes),
        disputes=disputes,
        next_action=_next_action(order, state),
        capture_before=_hold_ends(tried) if state is ChargeState.AUTHORIZED and tried else None,
        error_code=_failure(tried) if state is ChargeState.PENDING else None,
        payment_id=opaque(embedded(order.get("notes")).get(PAYMENT_KEY)),
        created_at=instant(order["created_at"]),
        raw=plain(order, _RAW_FIELDS) | {"payment": plain(tried or {}, _RAW_PAYMENT_FIELDS)},
    )


def principal(payments: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The payment that says where the order stands; of equals the youngest."""
    ranked = sorted(payments, key=lambda one: (_rank(one), _whole(one["created_at"])))
    return ranked[-1] if ranked else None


def disputed_as(
    charge: Charge,
    payments: Sequence[Mapping[str, Any]],
    disputes: Sequence[Mapping[str, Any]],
) -> Charge:
    """The charge with the disputes about what was taken."""
    taken = principal(payments)
    ordered = sorted(disputes, key=lambda one: _whole(one["created_at"]))
    found = tuple(
        _dispute_from(one)
        for one in ordered
        if taken is not None and one["payment_id"] == taken["id"]
    )
    if not found:
        return charge
    return replace(charge, disputed=any(one.stands for one in found), disputes=found)


def _dispute_from(dispute: Mapping[str, Any]) -> Dispute:
    is_inquiry = dispute.get("phase") in _INQUIRIES
    open_as = DisputeState.INQUIRY if is_inquiry else DisputeState.OPEN
    amount = Money(_whole(dispute["amount"]), dispute["currency"])
    return Dispute(
        reference=_id(dispute),
        state=_DISPUTE_STATES.get(dispute["status"], open_as),
        reason=opaque(dispute.get("reason_code")),
        amount=amount or None,
    )


def given_up(charge: Charge) -> Charge:
    """A charge that nobody has paid: an order cannot be withdrawn, only left alone."""
    return replace(charge, state=ChargeState.CANCELLED, next_action=None, error_code=None)


def refund_from(refund: Mapping[str, Any]) -> Refund:
    """A refund; one that the bank has not seen yet is `pending`."""
    return Refund(
        reference=_id(refund),
        amount=Money(_whole(refund["amount"]), refund["currency"]),
        state=_REFUND_STATES.get(refund["status"], "pending"),
        key=opaque(embedded(refund.get("notes")).get(OPERATION_KEY)),
    )


def refunded_as(charge: Charge, listed: Sequence[Mapping[str, Any]]) -> Charge:
    """The charge with its refunds, the oldest first. Of what went back they have the last word,
    since a sum and its parts are read at two moments.
    """
    ordered = sorted(listed, key=lambda one: _whole(one["created_at"]))
    refunds = tuple(refund_from(one) for one in ordered)
    back = sum(one.amount.amount_minor for one in refunds if not one.has_failed)
    return replace(charge, refunded_minor=min(back, charge.captured_minor), refunds=refunds)


def refusal_from(content: Any) -> ChargeRefused | ProviderUnavailable:
    """A definite no. Only a wrong key is doubt, which Razorpay tells with a 400, too."""
    error = embedded(embedded(content).get("error"))
    if str(error.get("description", "")).startswith("Authentication failed"):
        return ProviderUnavailable()
    reason = opaque(error.get("reason"))
    if error.get("description") == UNKNOWN_ID:
        reason = "resource_missing"
    return ChargeRefused(reason=reason if reason not in {None, "NA"} else "invalid_request")


UNKNOWN_ID = "The id provided does not exist"


def instant(seconds: Any) -> datetime:
    return datetime.fromtimestamp(_whole(seconds), tz=UTC)


def _rank(payment: Mapping[str, Any]) -> int:
    status = payment["status"]
    if status in {"captured", "refunded"} and _was_captured(payment):
        return 4
    return {"authorized": 3, "created": 2, "refunded": 1, "failed": 0}[status]


def _was_captured(payment: Mapping[str, Any]) -> bool:
    # An authorised payment that ran out is "refunded" as well, and was never captured.
    return payment["status"] == "captured" or payment.get("captured") is True


def _state(payment: Mapping[str, Any] | None) -> ChargeState:
    if payment is None:
        return ChargeState.PENDING
    return (
        ChargeState.PENDING,
        ChargeState.CANCELLED,
        ChargeState.REQUIRES_ACTION,
        ChargeState.AUTHORIZED,
        ChargeState.PAID,
    )[_rank(payment)]


def _next_action(order: Mapping[str, Any], state: ChargeState) -> NextAction | None:
    if state not in {ChargeState.PENDING, ChargeState.REQUIRES_ACTION}:
        return None
    return NextAction(kind="order", order_reference=_id(order))


def _hold_ends(payment: Mapping[str, Any]) -> datetime:
    return instant(payment["created_at"]) + timedelta(minutes=HOLD_MINUTES)


def _failure(payment: Mapping[str, Any] | None) -> str | None:
    return None if payment is None else opaque(payment.get("error_reason")) or "payment_failed"


def _id(thing: Mapping[str, Any]) -> str:
    found = opaque(thing["id"])
    if found is None:
        raise ValueError("an id looks otherwise")
    return found


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("an amount or a time is a whole number")
    return value
