"""The errors of the calendar, those of the page behind it included."""

from consulta.features.specialists.errors import RateNotFound, SpecialistNotFound
from consulta.kernel.errors import Conflict, Invalid, NotFound, RateLimited

__all__ = [
    "CLAIM_ERRORS",
    "DayFull",
    "ExceptionNotFound",
    "HoldNotFound",
    "InvalidSpan",
    "NotAccepting",
    "RateNotFound",
    "SlotNotFound",
    "SlotNotOffered",
    "SlotTaken",
    "SpecialistNotFound",
    "TooManyExceptions",
    "TooManyHolds",
]


class SlotTaken(Conflict):
    """This time is taken, or one that overlaps it."""

    code = "SLOT_TAKEN"
    constraint = "slots_no_overlap_excl"


class SlotNotFound(NotFound):
    """The claim that should be moved is not live any more."""

    code = "SLOT_NOT_FOUND"


class SlotNotOffered(Conflict):
    """The specialist does not offer this time: ask for the free times, or for the reason."""

    code = "SLOT_NOT_OFFERED"


class DayFull(Conflict):
    """The specialist takes no more sessions on this date."""

    code = "DAY_FULL"


class NotAccepting(Conflict):
    """The specialist takes no bookings at present."""

    code = "NOT_ACCEPTING"


class HoldNotFound(NotFound):
    """There is no such hold, or it is not yours."""

    code = "HOLD_NOT_FOUND"


class TooManyHolds(RateLimited):
    """You hold as many times as anybody may: book or release one first."""

    code = "TOO_MANY_HOLDS"


class ExceptionNotFound(NotFound):
    """There is no such exception in your calendar."""

    code = "AVAILABILITY_EXCEPTION_NOT_FOUND"


class TooManyExceptions(Conflict):
    """Your calendar has as many exceptions ahead as anybody's may have."""

    code = "TOO_MANY_EXCEPTIONS"


class InvalidSpan(Invalid):
    """A span ends after its beginning, and at most 62 days later."""

    code = "INVALID_SPAN"


CLAIM_ERRORS = (
    SpecialistNotFound,
    RateNotFound,
    SlotTaken,
    SlotNotOffered,
    DayFull,
    NotAccepting,
)
"""Everything that a claim on the calendar can be refused for."""
