"""Who may do what with a payment, asked once it is in hand."""

from collections.abc import Mapping
from typing import Any

from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden


def may_refund(actor: Actor, payment: Mapping[str, Any]) -> bool:
    """Whoever took the money, and an admin; a payer has back what a cancellation says."""
    return actor.role is Role.ADMIN or actor.id == payment["specialist_id"]


def ensure_may_settle_by_hand(actor: Actor, payment: Mapping[str, Any]) -> None:
    """Raises `Forbidden`: whose hand the money came into says that it came, and that it went."""
    if not may_refund(actor, payment):
        raise Forbidden("Only the specialist may say what was handed over.")


def ensure_may_refund(actor: Actor, payment: Mapping[str, Any]) -> None:
    """Raises `Forbidden`: a payer sees the payment, but does not decide about it."""
    if not may_refund(actor, payment):
        raise Forbidden("Only the specialist may return this money.")
