"""The fake inside a test: served in the running loop on a free port of the loopback interface."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.fakes.stripe.serve import served
from tests.fakes.stripe.service import FakeStripe, Hook


@asynccontextmanager
async def running_fake_stripe(
    *,
    port: int = 0,
    clock: Callable[[], float] = time.time,
    on_event: Hook | None = None,
    webhook_url: str | None = None,
    webhook_secret: str = "whsec_fake",
) -> AsyncIterator[tuple[FakeStripe, str]]:
    """The fake and its base URL, for `base_addresses={"api": url}` of the SDK."""
    fake = FakeStripe(clock=clock, on_event=on_event)
    if webhook_url is not None:
        fake.control.add_webhook(webhook_url, secret=webhook_secret)
    async with served(fake.app, port=port) as base_url:
        fake.machine.base_url = base_url
        try:
            yield fake, base_url
        finally:
            await fake.close()
