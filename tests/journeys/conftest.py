"""The worlds with Stripe, Razorpay and PayTabs, for whole stories."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import TestDatabase
from tests.world.hosted import (
    PayTabsWorld,
    RazorpayWorld,
    running_paytabs_world,
    running_razorpay_world,
)
from tests.world.stripe import StripeWorld, running_stripe_world


@pytest.fixture
async def bank(database: TestDatabase) -> AsyncIterator[StripeWorld]:
    async with running_stripe_world(database) as made:
        yield made


@pytest.fixture
async def razorpay(database: TestDatabase) -> AsyncIterator[RazorpayWorld]:
    async with running_razorpay_world(database) as made:
        yield made


@pytest.fixture
async def paytabs(database: TestDatabase) -> AsyncIterator[PayTabsWorld]:
    async with running_paytabs_world(database) as made:
        yield made
