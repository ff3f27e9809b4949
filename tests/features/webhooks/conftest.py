"""The world with Stripe, for its letters."""

from tests.journeys.conftest import bank

__all__ = ["bank"]
