"""`python -m tests.bench`: loads the town, plays the rounds, prints the table."""

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from tests.bench import latency, report
from tests.bench.dispatch import dispatches
from tests.bench.ground import Ground, postmaster_of, running_ground, version_of
from tests.bench.measured import Failed, Measured
from tests.bench.rounds import Contender, Rounds
from tests.bench.serving import minted, running_service
from tests.bench.supply import PEOPLE, Exhausted, Supply
from tests.bench.tasks import TASKS, starts_needed, task_of
from tests.bench.town import SCALES, fresh_town, remove_town
from tests.bench.wrk import Load

SERVICES = ("elsewhere", "sandbox")
WAITS, DISPATCH = "waits", "dispatch"
ALL = (*TASKS, WAITS, DISPATCH)


def main() -> int:
    asked = _arguments()
    try:
        with running_ground(asked.data) as ground:
            asyncio.run(bench(ground, asked))
    except (Failed, Exhausted) as error:
        print(f"\nNo figures: {error}", file=sys.stderr)
        return 1
    return 0


async def bench(ground: Ground, asked: argparse.Namespace) -> None:
    """The table is printed; the town's copy is gone afterwards."""
    scale = SCALES[asked.scale]
    await fresh_town(ground, scale)
    try:
        if asked.only == (DISPATCH,):
            await _dispatch(ground, asked)
            return
        needed = starts_needed(
            asked.only, rounds=asked.rounds, seconds=asked.seconds, services=len(SERVICES)
        )
        needed += latency.starts_needed(asked.seconds) if WAITS in asked.only else 0
        print(f"Looking for {needed:,} free starts", flush=True)
        supply = await Supply.laid_out(ground, scale, needed=needed)
        with tempfile.TemporaryDirectory() as folder:
            results = await _measure(ground, asked, supply, Path(folder))
        print(f"\n{report.machine(postgres=await version_of(ground))}")
        print(f"medians of {asked.rounds} rounds of {asked.seconds} s, scale {scale.name}\n")
        print(report.table(results))
        if DISPATCH in asked.only:
            await _dispatch(ground, asked)
    finally:
        await remove_town(ground)


async def _dispatch(ground: Ground, asked: argparse.Namespace) -> None:
    said = await dispatches(ground, SCALES[asked.scale], rounds=asked.rounds)
    print(f"\n{report.machine(postgres=await version_of(ground))}")
    print(f"medians of {asked.rounds} rounds, scale {asked.scale}\n\n{said}")


async def _measure(
    ground: Ground, asked: argparse.Namespace, supply: Supply, folder: Path
) -> dict[str, dict[str, list[Measured]]]:
    results: dict[str, dict[str, list[Measured]]] = {}
    tokens = minted(PEOPLE)
    async with AsyncExitStack() as stack:
        contenders = []
        for kind in SERVICES:
            service = await stack.enter_async_context(running_service(ground, kind, logs=folder))
            contenders.append(Contender(kind, service, Load(service.address, tokens, folder)))
        for name in asked.only:
            if name == DISPATCH:
                continue  # It changes the town, and comes when all else is measured.
            if name == WAITS:
                await latency.waits(
                    contenders[0].load, supply, SCALES[asked.scale], seconds=asked.seconds
                )
                continue
            task = task_of(name, supply=supply, scale=SCALES[asked.scale])
            rounds = Rounds(
                ground, await postmaster_of(ground), contenders, task, seconds=asked.seconds
            )
            await rounds.prepare()
            for _ in range(asked.rounds):
                await rounds.play()
            results[name] = rounds.results
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--scale", choices=sorted(SCALES), default="full")
    parser.add_argument("--seconds", type=_positive, default=10, help="of each measurement")
    parser.add_argument("--rounds", type=_positive, default=5)
    parser.add_argument("--only", type=_tasks, default=ALL, help="of " + ",".join(ALL))
    parser.add_argument(
        "--data", type=Path, default=Path(".data/bench"), help="where the embedded server keeps it"
    )
    return parser.parse_args()


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _tasks(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = set(names) - set(ALL)
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    raise SystemExit(main())
