"""Who may do what with a purchase: pure questions, asked once the purchase is in hand."""

from consulta.features.packages.queries import LockedPurchase
from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden


def may_refund(actor: Actor, purchase: LockedPurchase) -> bool:
    return actor.role is Role.ADMIN or actor.id == purchase.specialist_id


def ensure_may_refund(actor: Actor, purchase: LockedPurchase) -> None:
    """Raises `Forbidden`: a client sees the purchase, but does not decide about its money."""
    if not may_refund(actor, purchase):
        raise Forbidden("Only the specialist may do this.")


def ensure_may_pay(actor: Actor, purchase: LockedPurchase) -> None:
    """Raises `Forbidden` for everybody but the buyer."""
    if actor.id != purchase.client_id:
        raise Forbidden("Only the client pays.")
