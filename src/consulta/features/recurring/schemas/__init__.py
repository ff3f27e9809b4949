"""Request and response bodies of series."""

from consulta.features.recurring.schemas.answers import (
    DateAhead,
    EndedBooking,
    NearestFree,
    OccurrenceOut,
    Row,
    SeriesCard,
    SeriesChanged,
    SeriesEndedOut,
    SeriesOut,
    SeriesPreview,
    SeriesTerms,
    StandingBooking,
    UpcomingOut,
    card_of,
    ended_booking_of,
    preview_of,
    series_out,
    standing_of,
)
from consulta.features.recurring.schemas.bodies import SeriesCreate, SeriesPatch
from consulta.features.recurring.schemas.words import Scope, Status

__all__ = [
    "DateAhead",
    "EndedBooking",
    "NearestFree",
    "OccurrenceOut",
    "Row",
    "Scope",
    "SeriesCard",
    "SeriesChanged",
    "SeriesCreate",
    "SeriesEndedOut",
    "SeriesOut",
    "SeriesPatch",
    "SeriesPreview",
    "SeriesTerms",
    "StandingBooking",
    "Status",
    "UpcomingOut",
    "card_of",
    "ended_booking_of",
    "preview_of",
    "series_out",
    "standing_of",
]
