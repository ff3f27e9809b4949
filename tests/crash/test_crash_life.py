"""Whatever happens to the service in the rest of a booking's life: it is moved, called off or paid
back, bought as one of several, made from a series. Here is a sample of the points; all of them are
gone through by `python -m tests.crash`.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest

from tests.conftest import TestDatabase
from tests.crash import piecemeal, sabotage
from tests.crash.flows import FLOWS
from tests.crash.killer import CrashPlan, Event, Phase
from tests.crash.proof import Outcome, Point, perform, strike, swallowed_commits
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
    "saved_card": ["setup_intents.retrieve", _CREATE, _CAPTURE],
    "batches": [],
}
"""The flows with what each asks of Stripe."""

ELSEWHERE = {"batches", "cancel_full", "rebuy", "credit_back", "coupon_back"}
"""Not in the sample: too like others, or with a test of its own."""


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
    """A death behind the first call that makes something, or behind the first of all, or behind the
    first COMMIT where nobody is called; and the first COMMIT happens, but nobody hears of it.
    """
    calls = [event for event in trace if event.kind == "call"]
    commits = [event for event in trace if event.kind == "commit"]
    making = [event for event in calls if event.name.endswith(".create")]
    return [Point((making or calls or commits)[0], "after"), swallowed_commits(trace)[0]]


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ELSEWHERE])
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
        points = [Point(batches[1], "before"), Point(batches[2], "before")]
        lost = [
            one
            for one in swallowed_commits(trace)
            if batches[0].ordinal < one.event.ordinal < batches[2].ordinal
        ]
        assert len(lost) == 2

        outcomes = [await strike(stage, FLOWS["batches"], point) for point in [*points, *lost]]

    assert all(one.is_held for one in outcomes), told(outcomes)


@dataclass(frozen=True, slots=True)
class Control:
    """Where the service is killed with that sabotage at work, and what is broken then."""

    phase: Phase
    event: str
    """A text of SQL; of no statement, where only calls to the provider are meant."""
    symptoms: tuple[str, ...]
    flows: tuple[str, ...]
    ordinal: int = 1

    def plan(self, stage: Stage) -> CrashPlan:
        """Death at one of the calls and the statements with that text, counted together."""
        return CrashPlan(
            ordinal=self.ordinal,
            phase=self.phase,
            target=lambda: stage.service.pid,
            counts=lambda statement: self.event in statement.sql,
        )

    def tells(self, ruined: Outcome) -> bool:
        """Whether the flow was found broken for the reason that it is."""
        return any(word in stray for stray in ruined.broken for word in self.symptoms)


CONTROLS = {
    "calls_first": Control(
        "after", "a call", ("intents: ", "refunds: "), ("refund", "buy", "buy_letters", "coupon")
    ),
    "keys_behind": Control(
        "before",
        "app.finish_idempotent",
        ("answers: ", "series.created told: 2"),
        (
            *("reschedule", "cancel_full", "cancel_half", "credit", "credit_back", "give_back"),
            *("coupon_free", "coupon_back", "series"),
        ),
    ),
    "operations_behind": Control(
        "before",
        "app.enqueue_operation",
        ("operations: ",),
        ("buy_expire", "saved_card"),
        ordinal=2,
    ),
    "dates_behind": Control(
        "before", "testing.dates_put_aside", ("without its date: ",), ("dispatch", "batches")
    ),
}

LEFT_BEHIND = ("rebuy", "buy_worker")
"""What `calls_first` ruins as it is."""


def test_every_flow_has_its_control() -> None:
    controlled = [name for one in CONTROLS.values() for name in one.flows]
    assert sorted([*controlled, *LEFT_BEHIND]) == sorted(CALLS)
    assert {*CALLS} < {*FLOWS}


@pytest.mark.parametrize("name", CONTROLS)
async def test_control_what_comes_behind_its_transaction_is_found_out(
    database: TestDatabase, name: str
) -> None:
    control = CONTROLS[name]
    async with set_stage(database, factory=f"{sabotage.__name__}:{name}") as stage:
        if name == "dates_behind":
            await sabotage.put_dates_aside(stage.world)
        await recorded(stage, control.flows[0])
        for flow in control.flows:
            ruined = await perform(stage, FLOWS[flow], plan=control.plan(stage))
            assert ruined.struck is not None, flow
            assert control.tells(ruined), (flow, ruined.broken)
        for flow in LEFT_BEHIND if name == "calls_first" else ():
            # Its prelude kills the service behind its call: nothing more is needed.
            ruined = await perform(stage, FLOWS[flow])
            assert control.tells(ruined), (flow, ruined.broken)
