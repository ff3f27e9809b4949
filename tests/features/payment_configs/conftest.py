"""The world with Stripe, for accounts of specialists."""

from tests.journeys.conftest import bank

__all__ = ["bank"]
