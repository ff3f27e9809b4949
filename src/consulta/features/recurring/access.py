"""Who may do what with a series: pure questions, asked once the series is in hand."""

from uuid import UUID

from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden


def may_accept(actor: Actor, *, specialist_id: UUID) -> bool:
    """The specialist decides about a series, or an admin in the specialist's name."""
    return actor.id == specialist_id or actor.role is Role.ADMIN


def ensure_may_accept(actor: Actor, *, specialist_id: UUID) -> None:
    """Raises `Forbidden`: a client sees the series, but does not accept it."""
    if not may_accept(actor, specialist_id=specialist_id):
        raise Forbidden("Only the specialist accepts a series.")
