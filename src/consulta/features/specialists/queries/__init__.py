"""Every select of pages, rates and the directory, named for what it returns."""

from consulta.features.specialists.queries.directory import Search, Sort, directory, open_on
from consulta.features.specialists.queries.pages import (
    cards,
    is_verified_for_update,
    is_visible,
    own_page,
    own_page_for_update,
    public_page,
)
from consulta.features.specialists.queries.rates import (
    active_rates,
    own_rate_for_update,
    own_rates,
)

__all__ = [
    "Search",
    "Sort",
    "active_rates",
    "cards",
    "directory",
    "is_verified_for_update",
    "is_visible",
    "open_on",
    "own_page",
    "own_page_for_update",
    "own_rate_for_update",
    "own_rates",
    "public_page",
]
