"""Whatever happens to the service in the rest of a booking's life: it is moved, called off or paid
back, bought as one of several, made from a series. Here is a sample of the points; all of them are
gone through by `python -m tests.crash`.
"""

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.conftest import TestDatabase
from tests.crash import piecemeal, sabotage
from tests.crash.flows import FLOWS
from tests.crash.killer import CrashPlan, Event, Phase
from tests.crash.proof import Outcome, Point, perform, points_of, strike, swallowed_commits
from tests.crash.stage import Stage, set_stage

pytestmark = pytest.mark.slow

_RETURN = ["refunds.create", "payment_intents.retrieve"]
_CREATE, _CAPTURE, _CANCEL = (f"payment_intents.{verb}" for verb in ("create", "capture", "cancel"))
CALLS = {
    "reschedule": [_CAPTURE],
    "cancel_full": _RETURN,
    "cancel_half": _RETURN,
    "refund": _RETURN * 2,
    "buy": [_CREATE],
    "rebuy": [],
    "buy_worker": [],
    "buy_letters": [_CREATE, *["payment_intents.retrieve"] * 3],
    "buy_expire": [_CREATE, _CANCEL],
    "credit": [],
    "credit_back": [],
    "give_back": _RETURN,
    "coupon": [_CREATE, _CAPTURE],
    "coupon_free": [],
    "coupon_back": [_CANCEL],
    "series": [],
    "dispatch": [_CREATE],
    "batches": [],
}
"""Every flow that is sampled here, with what it asks of Stripe."""


@pytest.fixture(scope="module")
async def stage(module_database: TestDatabase) -> AsyncIterator[Stage]:
    async with set_stage(module_database) as made:
        yield made


async def recorded(stage: Stage, name: str) -> list[Event]:
    plan = CrashPlan()
    undisturbed = await perform(stage, FLOWS[name], plan=plan)
    assert undisturbed.is_held, undisturbed
    return plan.trace


def told(outcomes: Sequence[Outcome]) -> str:
    """What an assertion says of the points that did not hold."""
    return "\n".join(str(one) for one in outcomes if not one.is_held)


def chief(trace: Sequence[Event]) -> list[Point]:
    """A death behind the first call, or the first COMMIT where nobody is called; one amid the rest;
    and the first COMMIT happens, but nobody hears of it.
    """
    kills = [one for one in points_of(trace) if one.phase == "after"]
    behind = [one for one in kills if one.event.kind in {"call", "commit"}]
    amid = [one for one in kills if one.event.kind == "statement"]
    first = min(behind, key=lambda one: (one.event.kind != "call", one.event.ordinal))
    return [first, amid[len(amid) // 2], swallowed_commits(trace)[0]]


@pytest.mark.parametrize("name", [name for name in CALLS if name != "batches"])
async def test_a_lost_process_and_a_lost_answer_break_no_promise(stage: Stage, name: str) -> None:
    trace = await recorded(stage, name)
    assert [event.name for event in trace if event.kind == "call"] == CALLS[name]

    outcomes = [await strike(stage, FLOWS[name], point) for point in chief(trace)]

    assert all(one.is_held for one in outcomes), told(outcomes)


async def test_a_dispatch_that_dies_between_its_batches_is_taken_up_by_the_next(
    database: TestDatabase,
) -> None:
    async with set_stage(database, factory=piecemeal.FACTORY) as stage:
        trace = await recorded(stage, "batches")
        batches = [event for event in trace if "app.dispatch_series" in event.name]
        assert len(batches) == 3
        points = [one for one in points_of(trace) if one.event in batches[1:]]
        lost = [
            one
            for one in swallowed_commits(trace)
            if batches[0].ordinal < one.event.ordinal < batches[2].ordinal
        ]
        assert len(lost) >= 2

        outcomes = [await strike(stage, FLOWS["batches"], point) for point in [*points, *lost]]

    assert all(one.is_held for one in outcomes), told(outcomes)


CONTROLS: dict[str, tuple[Phase, str, tuple[str, ...]]] = {
    "calls_first": ("after", ".create", ("refund", "buy", "buy_letters", "coupon")),
    "keys_behind": (
        "before",
        "app.finish_idempotent",
        (
            *("reschedule", "cancel_full", "cancel_half", "credit", "credit_back", "give_back"),
            *("coupon_free", "coupon_back", "series"),
        ),
    ),
    "operations_behind": ("before", "app.enqueue_operation", ("buy_expire",)),
    "dates_behind": ("before", "testing.dates_put_aside", ("dispatch", "batches")),
}
"""By sabotage: at what the service is killed, and which flows that ruins."""

LEFT_BEHIND = ("rebuy", "buy_worker")
"""Their prelude kills the service behind its call: with the sabotage nothing more is needed."""


def test_every_flow_has_its_control() -> None:
    controlled = [name for _, _, names in CONTROLS.values() for name in names]
    assert sorted([*controlled, *LEFT_BEHIND]) == sorted(CALLS)
    assert {*CALLS} < {*FLOWS}


@pytest.mark.parametrize("name", CONTROLS)
async def test_control_what_comes_behind_its_transaction_is_found_out(
    database: TestDatabase, name: str
) -> None:
    phase, text, flows = CONTROLS[name]
    async with set_stage(database, factory=f"{sabotage.__name__}:{name}") as stage:
        if name == "dates_behind":
            await sabotage.put_dates_aside(stage.world)
        for flow in flows:
            trace = await recorded(stage, flow)
            event = next(one for one in trace if text in one.name)
            ruined = await strike(stage, FLOWS[flow], Point(event, phase))
            assert ruined.is_met, ruined
            assert ruined.broken, ruined


async def test_control_a_call_that_left_no_record_is_found_out_later(
    database: TestDatabase,
) -> None:
    async with set_stage(database, factory=f"{sabotage.__name__}:calls_first") as stage:
        for flow in LEFT_BEHIND:
            ruined = await perform(stage, FLOWS[flow])
            assert any(stray.startswith("intents: ") for stray in ruined.broken), ruined
