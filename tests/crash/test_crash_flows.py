"""Whatever happens to the service between booking and captured money: one booking, one intent, one
capture, nothing stuck, and every request answered once and for all.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.conftest import TestDatabase
from tests.crash.cast import gather_cast
from tests.crash.flows import FLOWS
from tests.crash.killer import Event, Phase
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


async def test_killed_all_along_between_booking_and_captured_money(stage: Stage) -> None:
    trace = await recorded(stage, "capture")
    calls = [event.name for event in trace if event.kind == "call"]
    assert calls == CALLS["capture"]
    assert sum(event.kind == "commit" for event in trace) >= 4

    outcomes = await struck(stage, "capture", sample(points_of(trace), most=26))

    assert len(outcomes) == 26
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

    outcomes = await struck(stage, name, [*calls, *commits[1::4]])

    assert all(one.is_held for one in outcomes), told(outcomes)


@pytest.mark.parametrize("name", ["rebook", "reconfirm", "worker"])
async def test_killed_again_while_somebody_finishes_what_a_kill_has_left(
    stage: Stage, name: str
) -> None:
    trace = await recorded(stage, name)
    points = [one for one in points_of(trace) if one.phase == "after"]
    chief = sample(points, most=0)

    outcomes = await struck(stage, name, chief[:: max(1, len(chief) // 4)])

    assert len(outcomes) >= 4
    assert all(one.is_held for one in outcomes), told(outcomes)


async def test_killed_while_a_letter_brings_the_authorisation(stage: Stage) -> None:
    trace = await recorded(stage, "letters")
    chief = sample(points_of(trace), most=0)
    points = chief[:: len(chief) // 20]

    outcomes = await struck(stage, "letters", points)

    assert len(outcomes) >= 20
    assert all(one.is_held for one in outcomes), told(outcomes)


async def test_control_a_record_behind_the_call_is_found_out(
    database: TestDatabase,
) -> None:
    async with set_stage(database, factory="tests.crash.sabotage:calls_first") as stage:
        trace = await recorded(stage, "capture")
        call = next(event for event in trace if event.kind == "call")
        between = [one for one in points_of(trace) if one.event.ordinal in _around(call)]

        outcomes = await struck(stage, "capture", between)

    assert all(one.is_met for one in outcomes), told(outcomes)
    orphaned = [one for one in outcomes if any("intents: " in stray for stray in one.broken)]
    # From the call's effect to the commit of its record, every crash leaves an intent to nobody.
    assert [str(one.point) for one in orphaned] == [
        str(one) for one in between if (one.event, one.phase) != (call, "before")
    ]


def _around(call: Event) -> range:
    """The call, the trail behind it, and the beginning of its COMMIT."""
    return range(call.ordinal, call.ordinal + 2)


@pytest.mark.parametrize("phase", ["before", "after"])
async def test_what_nobody_asks_for_again_is_finished_by_the_clock(
    database: TestDatabase, phase: Phase
) -> None:
    async with set_stage(database, with_clock=True) as stage:
        cast = await gather_cast(stage)
        await cast.is_left(
            cast.anna,
            "/bookings",
            cast.wish(payment_method="pm_card_visa"),
            key="book",
            phase=phase,
        )

        for _ in range(400):
            found = await stage.world.rows("SELECT status FROM app.bookings")
            if found == [{"status": "awaiting_confirmation"}]:
                break
            await asyncio.sleep(0.05)
        assert found == [{"status": "awaiting_confirmation"}]
        assert [one["status"] for one in cast.intents()] == ["requires_capture"]
