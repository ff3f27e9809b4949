"""Reasons against a start, held against the engine and against an oracle of their own: calendars
that nobody would think of, twelve starts each.
"""

from datetime import datetime

from hypothesis import HealthCheck, given, settings

from consulta.features.availability.schemas import SlotReason
from tests.features.availability import oracle_reasons
from tests.features.availability.conftest import Engine
from tests.features.availability.oracle import Calendar
from tests.features.availability.oracle_reasons import Start
from tests.features.availability.strategies import starts

Case = tuple[Calendar, tuple[Start, ...], datetime]


@settings(
    max_examples=500,
    deadline=None,
    database=None,
    # The connection is shared by all examples on purpose: each rolls back what it wrote.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(case=starts())
async def test_a_start_is_offered_exactly_where_there_is_no_reason_against_it(
    engine: Engine, case: Case
) -> None:
    calendar, asked, now = case
    answers = await engine.explanations(calendar, asked, now=now)
    for start, (is_offered, reasons) in zip(asked, answers, strict=True):
        assert is_offered == (not reasons), start
        assert set(reasons) == oracle_reasons.reasons(calendar, start, now=now), start
        assert [reason for reason in SlotReason if reason in reasons] == reasons, "in order, once"


def test_every_reason_is_met_and_so_is_none() -> None:
    """The property would be worth little over calendars that never refuse, or always do."""
    met: set[str | None] = set()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True)
    @given(case=starts())
    def meet(case: Case) -> None:
        calendar, asked, now = case
        for start in asked:
            met.update(oracle_reasons.reasons(calendar, start, now=now) or {None})

    meet()
    assert met == {*SlotReason, None}
