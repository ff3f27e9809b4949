"""Whatever happens to the service between booking and captured money: one booking, one intent, one
capture, nothing stuck, and every request answered once and for all.
"""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import TestDatabase
from tests.crash.flows import FLOWS
from tests.crash.proof import record
from tests.crash.stage import Stage, set_stage


@pytest.fixture(scope="module")
async def stage(module_database: TestDatabase) -> AsyncIterator[Stage]:
    async with set_stage(module_database) as made:
        yield made


async def test_record(stage: Stage) -> None:
    for flow in FLOWS.values():
        trace, outcome = await record(stage, flow)
        print(flow.name, len(trace), outcome, outcome.seconds)
        for e in trace:
            print("   ", e.ordinal, e.kind, " ".join(e.name.split())[:100])
