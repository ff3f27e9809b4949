"""The fake inside a test: served in the running loop on a free port of the loopback interface."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.fakes.paytabs.desk import PayTabsDesk
from tests.fakes.paytabs.web import answer
from tests.fakes.stripe.clock import Clock
from tests.fakes.vendor.shell import make_app, running


@dataclass(frozen=True)
class FakePayTabs:
    control: PayTabsDesk


@asynccontextmanager
async def running_fake_paytabs(
    *,
    port: int = 0,
    clock: Callable[[], float] = time.time,
    profile_id: int | str = 66455,
    server_key: str = "SFAKEKEY00-FAKEKEY000-FAKEKEY000",
) -> AsyncIterator[tuple[FakePayTabs, str]]:
    """The fake with one profile open, and its base URL, which stands for a region's host."""
    desk = PayTabsDesk(Clock(clock))
    desk.open_profile(int(profile_id), server_key)
    app = make_app(lambda ask: answer(desk, ask), desk, failure=_failure)
    async with running(app, desk, port=port) as base_url:
        desk.base_url = base_url
        yield FakePayTabs(desk), base_url


def _failure(status: int) -> Any:
    return {"code": 400, "message": "Unable to process your request", "trace": f"T{status}"}
