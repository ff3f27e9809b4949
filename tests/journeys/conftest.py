"""The world with Stripe, for whole stories."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import TestDatabase
from tests.world.stripe import StripeWorld, running_stripe_world


@pytest.fixture
async def bank(database: TestDatabase) -> AsyncIterator[StripeWorld]:
    async with running_stripe_world(database) as made:
        yield made
