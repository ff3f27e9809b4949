"""Whatever happens to the service between booking and captured money: one booking, one intent, one
capture, nothing stuck, and every request answered once and for all.
"""

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.conftest import TestDatabase
from tests.crash import reckless
from tests.crash.flows import FLOWS
from tests.crash.killer import Event
from tests.crash.proof import Outcome, Point, points_of, record, sample, strike, swallowed_commits
from tests.crash.stage import Stage, set_stage

pytestmark = pytest.mark.slow

CALLS = {
    "capture": ["payment_intents.create", "payment_intents.capture"],
    "decline": ["payment_intents.create", "payment_intents.cancel"],
    "cancel": ["payment_intents.create", "payment_intents.cancel"],
    "expire": ["payment_intents.create", "payment_intents.cancel"],
}


@pytest.fixture(scope="module")
async def stage(module_database: TestDatabase) -> AsyncIterator[Stage]:
    async with set_stage(module_database) as made:
        yield made


async def recorded(stage: Stage, name: str) -> list[Event]:
    trace, undisturbed = await record(stage, FLOWS[name])
    assert undisturbed.is_held, undisturbed
    return trace


async def struck(stage: Stage, name: str, points: Sequence[Point]) -> list[Outcome]:
    return [await strike(stage, FLOWS[name], point) for point in points]


def told(outcomes: Sequence[Outcome]) -> str:
    """What an assertion says of the points that did not hold."""
    return "\n".join(str(one) for one in outcomes if not one.is_held)


async def test_killed_before_and_after_everything_between_booking_and_captured_money(
    stage: Stage,
) -> None:
    trace = await recorded(stage, "capture")
    calls = [event.name for event in trace if event.kind == "call"]
    assert calls == CALLS["capture"]
    assert sum(event.kind == "commit" for event in trace) >= 4

    outcomes = await struck(stage, "capture", points_of(trace))

    assert len(outcomes) == 2 * len(trace)
    assert all(one.is_held for one in outcomes), told(outcomes)


async def test_a_commit_whose_answer_is_lost_is_no_reason_to_refuse_the_retry(
    stage: Stage,
) -> None:
    trace = await recorded(stage, "capture")

    outcomes = await struck(stage, "capture", swallowed_commits(trace))

    assert len(outcomes) >= 4
    assert all(one.is_held for one in outcomes), told(outcomes)


@pytest.mark.parametrize("name", ["decline", "cancel", "expire"])
async def test_killed_on_the_way_to_a_void(stage: Stage, name: str) -> None:
    trace = await recorded(stage, name)
    assert [event.name for event in trace if event.kind == "call"] == CALLS[name]
    calls = [one for one in points_of(trace) if one.event.kind == "call"]
    commits = [one for one in points_of(trace) if one.event.kind == "commit"]

    outcomes = await struck(stage, name, [*calls, *commits[1::2]])

    assert all(one.is_held for one in outcomes), told(outcomes)


async def test_killed_while_a_letter_brings_the_authorisation(stage: Stage) -> None:
    trace = await recorded(stage, "letters")
    points = sample(points_of(trace), most=0)

    outcomes = await struck(stage, "letters", points[:: max(1, len(points) // 12)])

    assert len(outcomes) >= 12
    assert all(one.is_held for one in outcomes), told(outcomes)


async def test_control_a_record_behind_the_call_is_found_out(
    database: TestDatabase,
) -> None:
    async with set_stage(database, factory=reckless.FACTORY) as stage:
        trace = await recorded(stage, "capture")
        calls = [event.name for event in trace if event.kind == "call"]
        assert calls == CALLS["capture"]
        authorisation = next(event for event in trace if event.kind == "call")
        after = [Point(event, "before", "kill") for event in trace
                 if event.ordinal == authorisation.ordinal + 1]  # fmt: skip

        outcomes = await struck(stage, "capture", [Point(authorisation, "after"), *after])

    assert all(one.is_met for one in outcomes), told(outcomes)
    for one in outcomes:
        assert any(stray.startswith("intents: ") for stray in one.broken), one
