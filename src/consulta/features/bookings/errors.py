"""The errors of bookings."""

from consulta.kernel.errors import Conflict, Invalid, NotFound


class BookingNotFound(NotFound):
    """There is no such booking, or it is not yours to see."""

    code = "BOOKING_NOT_FOUND"


class CannotBookYourself(Invalid):
    """You cannot be your own client: name whose session it is."""

    code = "CANNOT_BOOK_YOURSELF"


class ClientNotFound(NotFound):
    """There is no such client."""

    code = "CLIENT_NOT_FOUND"
    constraint = "fk_bookings_client_id_users"


class OneDiscountOnly(Invalid):
    """A session is paid for with a coupon or with a package's credit, not with both."""

    code = "ONE_DISCOUNT_ONLY"


class BookingInPast(Conflict):
    """This time is past: the session has begun or is over."""

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


class QuoteInvalid(Invalid):
    """The quote is not one of ours, or was made for somebody else or for another booking."""

    code = "QUOTE_INVALID"


class QuoteExpired(Conflict):
    """The quote is too old: ask for a new one."""

    code = "QUOTE_EXPIRED"


class QuoteOutdated(Conflict):
    """The booking or its payment has changed since the quote: ask for a new one."""

    code = "QUOTE_OUTDATED"


class BookingChanged(Conflict):
    """The booking was moved since you looked at it."""

    code = "BOOKING_CHANGED"


class TooManyMoves(Conflict):
    """The booking was moved as often as it may be: cancel it and book another one."""

    code = "TOO_MANY_MOVES"


class TooManyProposals(Conflict):
    """As many times were proposed for this booking as there may be."""

    code = "TOO_MANY_PROPOSALS"


class ProposalNotFound(NotFound):
    """There is no such proposal for this booking."""

    code = "PROPOSAL_NOT_FOUND"


class ProposalNotOpen(Conflict):
    """The proposal was answered, or another one took its place."""

    code = "PROPOSAL_NOT_OPEN"
