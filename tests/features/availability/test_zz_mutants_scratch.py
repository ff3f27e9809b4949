import pytest
from hypothesis import HealthCheck, given, settings
from tests.features.availability import oracle_reasons
from tests.features.availability.conftest import Engine
from tests.features.availability.strategies import starts
import re
CODES = ["not_accepting","in_the_past","too_soon","beyond_horizon","day_blocked","time_blocked","outside_hours","off_grid","does_not_fit","clock_change","taken","day_full"]

@pytest.mark.parametrize("code", CODES)
async def test_mut(engine: Engine, code: str) -> None:
    body = await engine.connection.fetchval("SELECT pg_get_functiondef('app.slot_reasons'::regproc)")
    bad = body.replace(f"'{code}', ", f"'{code}', false AND ")
    assert bad != body
    bad = re.sub(rf"('{code}', false AND )(.*)", r"\1\2", bad)
    async def run():
        import random
        from hypothesis import find
    await engine.connection.execute(bad)
    caught = []
    cases = []
    @settings(max_examples=400, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=starts())
    def collect(case): cases.append(case)
    collect()
    try:
        for calendar, asked, now in cases:
            answers = await engine.explanations(calendar, asked, now=now)
            caught += [1 for s,(o,r) in zip(asked, answers) if o != (not r)]
            if caught: break
    finally:
        await engine.connection.execute(body)
    assert caught, code
