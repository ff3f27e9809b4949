"""Who may write a note: pure questions, asked once its session is in hand."""

from uuid import UUID

from consulta.kernel.actor import Actor
from consulta.kernel.errors import Forbidden


def ensure_author(actor: Actor, *, specialist_id: UUID) -> None:
    """Raises `Forbidden`: the client reads, and the specialist of the session alone writes."""
    if actor.id != specialist_id:
        raise Forbidden("Only the specialist of the session writes its notes.")


def reads_as(actor: Actor, *, specialist_id: UUID) -> str:
    """What the audit log says of a reader who is a party of the session."""
    return "author" if actor.id == specialist_id else "client"
