"""The fake inside a test: served in the running loop on a free port of the loopback interface."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.fakes.razorpay.desk import RazorpayDesk
from tests.fakes.razorpay.web import answer
from tests.fakes.stripe.clock import Clock
from tests.fakes.vendor.shell import make_app, running


@dataclass(frozen=True)
class FakeRazorpay:
    control: RazorpayDesk


@asynccontextmanager
async def running_fake_razorpay(
    *,
    port: int = 0,
    clock: Callable[[], float] = time.time,
    key_id: str = "rzp_test_fake",
    key_secret: str = "secret_fake",
    webhook_url: str = "",
    webhook_secret: str = "webhook_fake",
) -> AsyncIterator[tuple[FakeRazorpay, str]]:
    """The fake with one account open, and its base URL, which stands for api.razorpay.com."""
    desk = RazorpayDesk(Clock(clock))
    desk.open_account(key_id, key_secret)
    if webhook_url:
        desk.add_webhook(webhook_url, secret=webhook_secret)
    app = make_app(lambda ask: answer(desk, ask), desk, failure=_failure)
    async with running(app, desk, port=port) as base_url:
        yield FakeRazorpay(desk), base_url


def _failure(status: int) -> Any:
    code = {429: "BAD_REQUEST_ERROR"}.get(status, "SERVER_ERROR")
    return {"error": {"code": code, "description": "We are facing some trouble", "reason": "NA"}}
