"""The errors of availability."""

from consulta.kernel.errors import Conflict, NotFound, RateLimited


class SpecialistNotFound(NotFound):
    """There is no such specialist."""

    code = "SPECIALIST_NOT_FOUND"


class RateNotFound(NotFound):
    """The specialist has no such rate."""

    code = "RATE_NOT_FOUND"


class SlotTaken(Conflict):
    """Somebody else has an overlapping span with this specialist."""

    code = "SLOT_TAKEN"
    constraint = "slots_no_overlap_excl"


class SlotNotOffered(Conflict):
    """The specialist does not offer this time."""

    code = "SLOT_NOT_OFFERED"


class DayFull(Conflict):
    """The specialist takes no more bookings on this day."""

    code = "DAY_FULL"


class NotAccepting(Conflict):
    """The specialist does not take bookings at present."""

    code = "NOT_ACCEPTING"


class HoldNotFound(NotFound):
    """There is no such hold, or it has lapsed."""

    code = "HOLD_NOT_FOUND"


class TooManyHolds(RateLimited):
    """You hold as many times as you may."""

    code = "TOO_MANY_HOLDS"
