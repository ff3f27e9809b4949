"""The states of a payment, the legal moves between them, and the projection of a charge.

The provider has the truth and Postgres a projection of it: until something is authorised the states
alternate, from then on they only go forward; but for money that the payer's bank sends back.
"""

from enum import StrEnum

from consulta.kernel.transitions import Transitions
from consulta.providers.payments.port import Charge, ChargeState


class PaymentStatus(StrEnum):
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Mover(StrEnum):
    SYSTEM = "system"
    BANK = "bank"
    """The payer's bank, which sent a refund back that had been accepted."""


_OPEN = (PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION, PaymentStatus.PROCESSING)
_FROM_OPEN = (
    *_OPEN,
    PaymentStatus.AUTHORIZED,
    PaymentStatus.PAID,
    PaymentStatus.FAILED,
    PaymentStatus.CANCELLED,
)
_BY_SYSTEM = frozenset({Mover.SYSTEM})
_BY_BANK = frozenset({Mover.BANK})

MOVES: Transitions[PaymentStatus, Mover] = Transitions(
    {
        **{
            (source, target): _BY_SYSTEM
            for source in _OPEN
            for target in _FROM_OPEN
            if source is not target
        },
        (PaymentStatus.AUTHORIZED, PaymentStatus.PAID): _BY_SYSTEM,
        (PaymentStatus.AUTHORIZED, PaymentStatus.CANCELLED): _BY_SYSTEM,
        (PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED): _BY_SYSTEM,
        (PaymentStatus.PAID, PaymentStatus.REFUNDED): _BY_SYSTEM,
        (PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED): _BY_SYSTEM,
        (PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED): _BY_BANK,
        (PaymentStatus.REFUNDED, PaymentStatus.PAID): _BY_BANK,
        (PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.PAID): _BY_BANK,
    }
)

_PLAIN = {
    ChargeState.PENDING: PaymentStatus.PENDING,
    ChargeState.REQUIRES_ACTION: PaymentStatus.REQUIRES_ACTION,
    ChargeState.PROCESSING: PaymentStatus.PROCESSING,
    ChargeState.AUTHORIZED: PaymentStatus.AUTHORIZED,
    ChargeState.CANCELLED: PaymentStatus.CANCELLED,
}


def status_of(charge: Charge) -> PaymentStatus:
    """The status that the charge, as its provider has it, stands for."""
    if charge.state is not ChargeState.PAID:
        return _PLAIN[charge.state]
    if charge.refunded_minor == 0:
        return PaymentStatus.PAID
    if charge.refunded_minor < charge.captured_minor:
        return PaymentStatus.PARTIALLY_REFUNDED
    return PaymentStatus.REFUNDED


def way_back(current: PaymentStatus, target: PaymentStatus) -> list[PaymentStatus] | None:
    """The move that a refund makes which the bank has sent back; none or None as `path` says."""
    if current is target:
        return []
    return [target] if MOVES.allows(current, target, Mover.BANK) else None


def path(current: PaymentStatus, target: PaymentStatus) -> list[PaymentStatus] | None:
    """The moves that lead from here to there: none where we are there already, None where no way
    leads there (an old letter, or the truth of a payment that we have given up).

    Letters are lost, so the truth may be several moves ahead: authorised, taken and returned.
    """
    if current is target:
        return []
    if MOVES.allows(current, target, Mover.SYSTEM):
        return [target]
    for step in (PaymentStatus.PAID,):
        first = MOVES.allows(current, step, Mover.SYSTEM)
        if first and MOVES.allows(step, target, Mover.SYSTEM):
            return [step, target]
    return None
