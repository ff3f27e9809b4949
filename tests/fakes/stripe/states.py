"""The state machine of a PaymentIntent as one table: status and action, to the status after it.

A pair that is not in the table is refused with `payment_intent_unexpected_state`.
Source: docs.stripe.com/payments/paymentintents/lifecycle and the annotations of the SDK.
"""

from enum import StrEnum


class Status(StrEnum):
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


class Action(StrEnum):
    """What can happen to an intent. A confirmation is one of the five verdicts of the bank; one
    that brings a method along is `ATTACH_METHOD` first and the verdict after it.
    """

    ATTACH_METHOD = "attach_method"
    CHANGE_AMOUNT = "change_amount"
    APPROVE_HOLD = "approve_hold"  # confirmed, capture_method=manual
    APPROVE_TAKE = "approve_take"  # confirmed, captured at once
    DECLINE = "decline"
    CHALLENGE = "challenge"  # 3-D Secure
    START_PROCESSING = "start_processing"  # a bank debit, decided days later
    PASS_HOLD = "pass_hold"
    PASS_TAKE = "pass_take"
    FAIL_CHALLENGE = "fail_challenge"
    SETTLE = "settle"
    FAIL_PROCESSING = "fail_processing"
    CAPTURE = "capture"
    CANCEL = "cancel"
    EXPIRE = "expire"


_METHOD, _CONFIRM, _ACTION, _PROCESSING, _CAPTURE, _CANCELED, _SUCCEEDED = Status

MOVES: dict[tuple[Status, Action], Status] = {
    (_METHOD, Action.ATTACH_METHOD): _CONFIRM,
    (_METHOD, Action.CHANGE_AMOUNT): _METHOD,
    (_METHOD, Action.CANCEL): _CANCELED,
    (_CONFIRM, Action.ATTACH_METHOD): _CONFIRM,
    (_CONFIRM, Action.CHANGE_AMOUNT): _CONFIRM,
    (_CONFIRM, Action.APPROVE_HOLD): _CAPTURE,
    (_CONFIRM, Action.APPROVE_TAKE): _SUCCEEDED,
    (_CONFIRM, Action.DECLINE): _METHOD,
    (_CONFIRM, Action.CHALLENGE): _ACTION,
    (_CONFIRM, Action.START_PROCESSING): _PROCESSING,
    (_CONFIRM, Action.CANCEL): _CANCELED,
    (_ACTION, Action.ATTACH_METHOD): _CONFIRM,
    (_ACTION, Action.CHANGE_AMOUNT): _CONFIRM,
    (_ACTION, Action.APPROVE_HOLD): _CAPTURE,
    (_ACTION, Action.APPROVE_TAKE): _SUCCEEDED,
    (_ACTION, Action.DECLINE): _METHOD,
    (_ACTION, Action.CHALLENGE): _ACTION,
    (_ACTION, Action.START_PROCESSING): _PROCESSING,
    (_ACTION, Action.PASS_HOLD): _CAPTURE,
    (_ACTION, Action.PASS_TAKE): _SUCCEEDED,
    (_ACTION, Action.FAIL_CHALLENGE): _METHOD,
    (_ACTION, Action.CANCEL): _CANCELED,
    (_PROCESSING, Action.SETTLE): _SUCCEEDED,
    (_PROCESSING, Action.FAIL_PROCESSING): _METHOD,
    (_CAPTURE, Action.CAPTURE): _SUCCEEDED,
    (_CAPTURE, Action.CANCEL): _CANCELED,
    (_CAPTURE, Action.EXPIRE): _CANCELED,
}


def after(status: str, action: Action) -> Status | None:
    """The status that follows, or nothing where the pair is refused."""
    return MOVES.get((Status(status), action))


def open_to(action: Action) -> list[str]:
    """The statuses in which an action is possible, in the order of an intent's life."""
    return [status.value for status in Status if (status, action) in MOVES]
