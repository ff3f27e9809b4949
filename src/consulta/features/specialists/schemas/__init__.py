"""Bodies and answers of the directory, of a specialist's own page, and of rates."""

from consulta.features.specialists.schemas.bodies import SpecialistPatch, SpecialistPut
from consulta.features.specialists.schemas.pages import (
    OwnSpecialistOut,
    SpecialistCard,
    SpecialistOut,
)
from consulta.features.specialists.schemas.rates import RateCreate, RateOut, RatePatch, RatesOut

__all__ = [
    "OwnSpecialistOut",
    "RateCreate",
    "RateOut",
    "RatePatch",
    "RatesOut",
    "SpecialistCard",
    "SpecialistOut",
    "SpecialistPatch",
    "SpecialistPut",
]
