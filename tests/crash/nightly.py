"""Dispatchers, killed every second while they work: `python -m tests.crash --nights 60`."""

import asyncio
import random
import time
from datetime import timedelta

from consulta.platform.db.dsn import Dsn
from tests.conftest import cloned, migrated_template
from tests.features.recurring.test_dispatch_races import (
    NOW,
    all_are,
    dispatcher_process,
    ledger,
    prepared,
    runs_to_its_end,
)
from tests.world import World, running_world

SPECIALISTS, EACH = 200, 40
LANES = 3
MOST_SECONDS = 600
_SEED = 7


async def kill_nightly(cluster: Dsn, *, seconds: int) -> int:
    """For so many seconds three dispatchers are at work, and each is killed within two seconds of
    its beginning; where all is dispatched, a week goes by. 1 if in the end a date was lost or
    doubled.
    """
    async with (
        cloned(await migrated_template(cluster)) as database,
        running_world(database) as world,
    ):
        await prepared(world, specialists=SPECIALISTS, each=EACH)
        print(f"{SPECIALISTS * EACH:,} series", flush=True)
        killed, weeks = await _disturb(world, seconds=min(seconds, MOST_SECONDS))
        await runs_to_its_end(world)
        found, expected = await ledger(world), all_are(SPECIALISTS * EACH * weeks)
        print(f"{killed} processes killed at work, {weeks} weeks; {found}")
        if found != expected:
            print(f"expected: {expected}")
        return int(found != expected or not killed)


async def _disturb(world: World, *, seconds: int) -> tuple[int, int]:
    """How many were killed that had not come to their end, and the weeks that were due by then."""
    chance = random.Random(_SEED)
    weeks = 1
    ends = time.monotonic() + seconds
    async with asyncio.TaskGroup() as lanes_at_work:
        lanes = [lanes_at_work.create_task(_lane(world, chance, until=ends)) for _ in range(LANES)]
        while time.monotonic() < ends:
            await asyncio.sleep(0.5)
            if (await ledger(world))["occurrences"] == SPECIALISTS * EACH * weeks:
                await world.stop_clock(NOW + timedelta(weeks=weeks))
                weeks += 1
    return sum(lane.result() for lane in lanes), weeks


async def _lane(world: World, chance: random.Random, *, until: float) -> int:
    """One dispatcher after the other, each killed within two seconds of its beginning."""
    killed = 0
    while time.monotonic() < until:
        with dispatcher_process(world) as process:
            assert process.stdout is not None
            await asyncio.to_thread(process.stdout.readline)
            await asyncio.sleep(chance.uniform(0.1, 1.9))
            killed += process.poll() is None
            process.kill()
    return killed
