"""The slot engine against its oracle: calendars that nobody would think of, five questions each."""

from datetime import datetime

from hypothesis import HealthCheck, given, settings

from tests.features.availability import oracle
from tests.features.availability.conftest import Engine
from tests.features.availability.oracle import Calendar, Question
from tests.features.availability.strategies import situations

Situation = tuple[Calendar, tuple[Question, ...], datetime]


@settings(
    max_examples=800,
    deadline=None,
    database=None,
    # The connection is shared by all examples on purpose: each rolls back what it wrote.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(situation=situations())
async def test_engine_and_oracle_agree_on_what_is_free(
    engine: Engine, situation: Situation
) -> None:
    calendar, questions, now = situation
    answers = await engine.answers(calendar, questions, now=now)
    for question, answer in zip(questions, answers, strict=True):
        assert answer == oracle.open_slots(calendar, question, now=now), question
