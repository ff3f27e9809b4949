"""What can be done to a specialist's page and rates, one verb a file."""

from consulta.features.specialists.service.page import change_page, replace_page
from consulta.features.specialists.service.rates import add_rate, change_rate
from consulta.features.specialists.service.verify import stop_accepting, unverify, verify

__all__ = [
    "add_rate",
    "change_page",
    "change_rate",
    "replace_page",
    "stop_accepting",
    "unverify",
    "verify",
]
