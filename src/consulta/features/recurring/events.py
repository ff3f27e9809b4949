"""The facts that recurring announces."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SeriesFact:
    series_id: UUID
    specialist_id: UUID
    client_id: UUID


class SeriesCreated(SeriesFact):
    """Somebody wants to come again and again; the specialist may still have to accept it."""


class SeriesChanged(SeriesFact):
    """Its dates still to come are other ones, or cost something else; or one is left out."""


class SeriesPaused(SeriesFact):
    """No bookings are made of it until it is resumed."""


class SeriesResumed(SeriesFact):
    """It goes on with its next date; what lay in between is not caught up."""


class SeriesAccepted(SeriesFact):
    """The specialist agreed: its bookings wait for no confirmation any more."""


class SeriesEnded(SeriesFact):
    """No further bookings will be made of it."""
