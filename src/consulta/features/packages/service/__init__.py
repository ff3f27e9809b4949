"""Use cases of packages, a file for each part of their life."""

from consulta.features.packages.service.buy import Bought, buy, pay_again
from consulta.features.packages.service.offer import add_package, add_packages, change_package
from consulta.features.packages.service.refund import Rest, quote, refund, take_back
from consulta.features.packages.service.settle import activate, cancel_unpaid, expire

__all__ = [
    "Bought",
    "Rest",
    "activate",
    "add_package",
    "add_packages",
    "buy",
    "cancel_unpaid",
    "change_package",
    "expire",
    "pay_again",
    "quote",
    "refund",
    "take_back",
]
