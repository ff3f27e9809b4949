"""Who may answer: a pure question, asked once the session is in hand."""

from uuid import UUID

from consulta.kernel.actor import Actor
from consulta.kernel.errors import Forbidden


def ensure_its_client(actor: Actor, *, client_id: UUID) -> None:
    """Raises `Forbidden`: the specialist reads, and the client of the session alone answers."""
    if actor.id != client_id:
        raise Forbidden("Only the client of the session answers its questions.")
