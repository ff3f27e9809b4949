"""What can be done to a calendar from here, one verb a file."""

from consulta.features.availability.service.exceptions import (
    add_exceptions,
    impact_of,
    remove_exception,
)
from consulta.features.availability.service.holds import hold, release_hold, release_lapsed_holds
from consulta.features.availability.service.lock import lock_calendar
from consulta.features.availability.service.next_open import refresh_next_open
from consulta.features.availability.service.week import replace_week

__all__ = [
    "add_exceptions",
    "hold",
    "impact_of",
    "lock_calendar",
    "refresh_next_open",
    "release_hold",
    "release_lapsed_holds",
    "remove_exception",
    "replace_week",
]
