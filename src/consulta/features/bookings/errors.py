"""The errors of bookings."""

from consulta.kernel.errors import Conflict, Invalid, NotFound


class BookingNotFound(NotFound):
    """There is no such booking, or it is not yours to see."""

    code = "BOOKING_NOT_FOUND"


class CannotBookYourself(Invalid):
    """A specialist is not the own client."""

    code = "CANNOT_BOOK_YOURSELF"


class ClientNotFound(NotFound):
    """There is no such client."""

    code = "CLIENT_NOT_FOUND"
    constraint = "fk_bookings_client_id_users"


class BookingInPast(Conflict):
    """The session has begun or is over."""

    code = "BOOKING_IN_PAST"


class BookingNotStarted(Conflict):
    """The session has not begun yet."""

    code = "BOOKING_NOT_STARTED"


class AlreadyCancelled(Conflict):
    """The booking does not stand any more."""

    code = "ALREADY_CANCELLED"


class BookingNotAwaiting(Conflict):
    """The booking does not wait for a confirmation."""

    code = "BOOKING_NOT_AWAITING_CONFIRMATION"


class BookingNotConfirmed(Conflict):
    """The booking is not confirmed."""

    code = "BOOKING_NOT_CONFIRMED"


class BookingNotUnpaid(Conflict):
    """The booking does not wait for a payment."""

    code = "BOOKING_NOT_UNPAID"
