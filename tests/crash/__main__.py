"""`python -m tests.crash --all`: every flow, every point, killed and cut; a table of what came."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import running_server
from tests.conftest import cloned, migrated_template
from tests.crash.deliveries import perform_long
from tests.crash.flows import FLOWS, Flow
from tests.crash.nightly import kill_nightly
from tests.crash.proof import MISHAPS, Mishap, Outcome, Point, points_of, record, sample, strike
from tests.crash.stage import Stage, set_stage

MOST_STRIKES = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--all", action="store_true", help="every flow")
    what.add_argument("--flow", choices=sorted(FLOWS), help="one flow")
    what.add_argument(
        "--nights", type=int, metavar="SECONDS", help="kill dispatchers at work for so long"
    )
    what.add_argument(
        "--deliveries", type=float, metavar="MINUTES", help="kill replicas that tell people"
    )
    what.add_argument("--from", dest="first", choices=sorted(FLOWS), help="this flow and all after")
    parser.add_argument("--mishap", choices=MISHAPS, help="instead of each of them")
    parser.add_argument("--most", type=int, help="so many points of each flow, chosen evenly")
    parser.add_argument("--seed", type=int, default=7, help="of --deliveries")
    arguments = parser.parse_args()
    flows = _chosen(arguments.flow, first=arguments.first)
    mishaps: Sequence[Mishap] = [arguments.mishap] if arguments.mishap else MISHAPS
    with running_server(durable=False, settings={"max_connections": "100"}) as server:
        cluster = Dsn(server.dsn())
        if arguments.nights is not None:
            return asyncio.run(kill_nightly(cluster, seconds=arguments.nights))
        if arguments.deliveries is not None:
            return asyncio.run(
                perform_long(cluster, minutes=arguments.deliveries, seed=arguments.seed)
            )
        return asyncio.run(_prove(cluster, flows, mishaps, most=arguments.most))


def _chosen(name: str | None, *, first: str | None) -> list[Flow]:
    """The flows in the order in which they are performed: those of one service together."""
    if name is not None:
        return [FLOWS[name]]
    factories = list(dict.fromkeys(flow.factory for flow in FLOWS.values()))
    flows = sorted(FLOWS.values(), key=lambda flow: factories.index(flow.factory))
    return flows[flows.index(FLOWS[first]) if first is not None else 0 :]


async def _prove(
    cluster: Dsn, flows: Sequence[Flow], mishaps: Sequence[Mishap], *, most: int | None
) -> int:
    """How many points broke a promise, at most 1: the exit code."""
    outcomes: list[tuple[str, str, Outcome]] = []
    began = time.monotonic()
    starts = 0
    template = await migrated_template(cluster)
    for factory in dict.fromkeys(flow.factory for flow in flows):
        async with (
            cloned(template) as database,
            set_stage(database, factory=factory) as stage,
        ):
            for flow in flows:
                for mishap in mishaps if flow.factory == factory else ():
                    outcomes += await _each_point(stage, flow, mishap, most=most)
            starts += stage.service.starts
    _print_table(outcomes)
    broken = [one for _, _, one in outcomes if not one.is_held]
    points = sum(one.point is not None for _, _, one in outcomes)
    seconds = time.monotonic() - began
    print(f"\n{points} points, {len(broken)} broken; {starts} starts, {seconds:.0f} s")
    return min(1, len(broken))


async def _each_point(
    stage: Stage, flow: Flow, mishap: Mishap, *, most: int | None
) -> list[tuple[str, str, Outcome]]:
    trace, undisturbed = await record(stage, flow)
    points = points_of(trace, mishap=mishap)
    chosen = points if most is None else sample(points, most=most)
    print(f"{flow.name}: {len(chosen)} points to {mishap} at", flush=True)
    found = [undisturbed]
    for point in chosen:
        outcome = await _aimed(stage, flow, point)
        found.append(outcome)
        if not outcome.is_held:
            print(f"{flow.name}: {outcome}", flush=True)
    return [(flow.name, mishap, one) for one in found]


async def _aimed(stage: Stage, flow: Flow, point: Point) -> Outcome:
    """A busy machine may put two steps in another order, and the mishap meets the wrong one. Then
    it is tried again, a few times: a miss in the end counts as broken, a broken promise at once.
    """
    for _ in range(MOST_STRIKES - 1):
        outcome = await strike(stage, flow, point)
        if outcome.is_met or outcome.broken:
            return outcome
        print(f"{flow.name}: {outcome}; once more", flush=True)
    return await strike(stage, flow, point)


def _print_table(outcomes: Sequence[tuple[str, str, Outcome]]) -> None:
    print(f"\n{'flow':14}{'mishap':8}{'points':>8}{'broken':>8}{'slowest':>9}")
    for name, mishap in dict.fromkeys((name, mishap) for name, mishap, _ in outcomes):
        mine = [one for flow, what, one in outcomes if (flow, what) == (name, mishap)]
        broken = sum(not one.is_held for one in mine)
        slowest = max(one.seconds for one in mine)
        print(f"{name:14}{mishap:8}{len(mine) - 1:>8}{broken:>8}{slowest:>7.1f} s")


if __name__ == "__main__":
    sys.exit(main())
