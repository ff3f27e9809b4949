"""Bodies and answers of the directory, of a specialist's own page, and of rates."""

from consulta.features.specialists.schemas.bodies import PagePatch, PagePut
from consulta.features.specialists.schemas.pages import CardOut, OwnPageOut, PageOut
from consulta.features.specialists.schemas.rates import RateCreate, RateOut, RatePatch, RatesOut

__all__ = [
    "CardOut",
    "OwnPageOut",
    "PageOut",
    "PagePatch",
    "PagePut",
    "RateCreate",
    "RateOut",
    "RatePatch",
    "RatesOut",
]
