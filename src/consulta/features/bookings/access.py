"""Who may do what with a booking: pure questions, asked once the booking is in hand."""

from uuid import UUID

from consulta.features.bookings.queries import LockedBooking
from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden


def is_its_specialist(actor: Actor, booking: LockedBooking) -> bool:
    return actor.id == booking.specialist_id or actor.role in {Role.ADMIN, Role.SYSTEM}


def is_party(actor: Actor, booking: LockedBooking) -> bool:
    return actor.id == booking.client_id or is_its_specialist(actor, booking)


def ensure_its_specialist(actor: Actor, booking: LockedBooking) -> None:
    """Raises `Forbidden`: a client sees the booking, but does not decide about it."""
    if not is_its_specialist(actor, booking):
        raise Forbidden("Only the specialist may do this.")


def ensure_books_for_others(actor: Actor, *, specialist_id: UUID) -> None:
    """Raises `Forbidden`: a client books for himself, and a specialist at the own page."""
    if actor.id != specialist_id and actor.role is not Role.ADMIN:
        raise Forbidden("Only the specialist books for a client.")


def ensure_party(actor: Actor, booking: LockedBooking) -> None:
    if not is_party(actor, booking):
        raise Forbidden
