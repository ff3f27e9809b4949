"""A real process is killed before or after a chosen event, once; what is left is as promised."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass

import pytest

from tests.crash.conftest import Connect, Place
from tests.crash.killer import CrashPlan, Event, Phase, crash_points, kill_nine
from tests.crash.wire import Statement, Verdict

INSERT = "INSERT INTO letters (body) VALUES ($1)"
CLIENT = f"""
import asyncio, sys, asyncpg

async def main():
    connection = await asyncpg.connect(sys.argv[1], server_settings={{"application_name": "web"}})
    async with connection.transaction():
        await connection.execute("{INSERT}", "one")
    print("heard", flush=True)
    await connection.close()

asyncio.run(main())
"""
EVENTS = [
    Event(ordinal=1, source="sql", name="BEGIN;", kind="begin"),
    Event(ordinal=2, source="sql", name=INSERT, kind="statement"),
    Event(ordinal=3, source="sql", name="COMMIT;", kind="commit"),
]


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run of the client leaves: its exit code, whether it heard of its commit, the rows."""

    code: int | None
    heard: bool
    letters: list[str]
    plan: CrashPlan


async def run_client(
    place: Place, *, ordinal: int | None = None, phase: Phase = "before"
) -> Ending:
    """The client writes one letter in a transaction and dies where the plan says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, place.proxied_dsn, stdout=PIPE
    )
    plan = CrashPlan(ordinal=ordinal, phase=phase, target=lambda: process.pid)
    plan.plug_into(place.proxy)
    async with asyncio.timeout(30):
        said, _errors = await process.communicate()
    return Ending(
        code=process.returncode,
        heard=b"heard" in said,
        letters=await place.letters(),
        plan=plan,
    )


async def test_a_recorder_kills_nobody_and_names_every_crash_point(place: Place) -> None:
    ending = await run_client(place)

    assert (ending.code, ending.heard, ending.letters) == (0, True, ["one"])
    assert ending.plan.trace == EVENTS
    assert ending.plan.killed_at is None
    assert crash_points(ending.plan.trace) == [
        (ordinal, phase) for ordinal in (1, 2, 3) for phase in ("before", "after")
    ]


@pytest.mark.parametrize(("ordinal", "phase"), crash_points(EVENTS))
async def test_the_row_is_there_only_if_the_kill_came_after_the_commit(
    place: Place, ordinal: int, phase: Phase
) -> None:
    ending = await run_client(place, ordinal=ordinal, phase=phase)

    assert (ending.code, ending.heard) == (-signal.SIGKILL, False)
    assert ending.plan.killed_at == EVENTS[ordinal - 1]
    assert ending.letters == (["one"] if (ordinal, phase) == (3, "after") else [])


async def test_a_point_that_is_never_reached_kills_nobody(place: Place) -> None:
    ending = await run_client(place, ordinal=4)

    assert (ending.code, ending.plan.killed_at) == (0, None)


async def test_only_what_counts_is_numbered(place: Place, connect: Connect) -> None:
    def by_the_web(statement: Statement) -> bool:
        return statement.application_name == "web" and statement.kind != "begin"

    plan = CrashPlan(counts=by_the_web, armed=False)
    plan.plug_into(place.proxy)
    web = await connect(server_settings={"application_name": "web"})
    loop = await connect(server_settings={"application_name": "loop"})
    await web.execute("SELECT 'before arming'")
    plan.armed = True
    await loop.execute("SELECT 'in the background'")
    async with web.transaction():
        await web.execute(INSERT, "one")

    assert [(event.ordinal, event.name) for event in plan.trace] == [(1, INSERT), (2, "COMMIT;")]


async def test_provider_calls_share_the_numbering(place: Place, connect: Connect) -> None:
    plan = CrashPlan()
    plan.plug_into(place.proxy)
    connection = await connect()
    await connection.execute("SELECT 1")
    plan.provider_event("payment_intents.create", "before")
    plan.provider_event("payment_intents.create", "after")
    await connection.execute("SELECT 2")

    assert [(event.ordinal, event.source, event.name) for event in plan.trace] == [
        (1, "sql", "SELECT 1"),
        (2, "provider", "payment_intents.create"),
        (3, "sql", "SELECT 2"),
    ]


@pytest.mark.parametrize(
    ("phase", "verdicts"),
    [("before", [Verdict.DROP, Verdict.PASS]), ("after", [Verdict.PASS, Verdict.DROP])],
)
async def test_a_provider_is_told_that_its_caller_is_dead(
    phase: Phase, verdicts: list[Verdict]
) -> None:
    sleeper = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=PIPE)
    plan = CrashPlan(ordinal=2, phase=phase, target=lambda: sleeper.pid)
    plan.provider_event("charges.retrieve", "before")
    plan.provider_event("charges.retrieve", "after")

    told = [plan.provider_event("refunds.create", moment) for moment in ("before", "after")]

    assert told == verdicts
    assert await sleeper.wait() == -signal.SIGKILL
    assert plan.killed_at == Event(2, "provider", "refunds.create", "call")


def test_the_kill_happens_once_even_if_the_numbers_go_on() -> None:
    killed: list[int] = []
    plan = CrashPlan(ordinal=1, phase="after", target=lambda: 4711, kill=killed.append)
    for call in ("a", "b"):
        plan.provider_event("refunds.create", "before", call)
    for call in ("b", "a", "a"):
        plan.provider_event("refunds.create", "after", call)

    assert killed == [4711]
    assert plan.killed_at == Event(1, "provider", "refunds.create", "call")


def test_a_call_that_began_unarmed_is_not_taken_for_a_later_one() -> None:
    killed: list[int] = []
    plan = CrashPlan(ordinal=1, phase="after", target=lambda: 4711, kill=killed.append, armed=False)
    plan.provider_event("refunds.create", "before")
    plan.armed = True
    plan.provider_event("refunds.create", "before")

    assert plan.provider_event("refunds.create", "after") is Verdict.PASS
    assert plan.provider_event("refunds.create", "after") is Verdict.DROP


@pytest.mark.parametrize("pid", [-1, 0, 1])
def test_a_kill_never_reaches_more_than_one_process(pid: int) -> None:
    with pytest.raises(ValueError, match="not one process"):
        kill_nine(pid)


def test_a_plan_to_kill_needs_a_target() -> None:
    with pytest.raises(ValueError, match="target"):
        CrashPlan(ordinal=1)
    with pytest.raises(ValueError, match="phase"):
        CrashPlan().provider_event("refunds.create", "during")
