"""The lean floor: what PostgreSQL itself does for the same rows, driven by `pgbench`."""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ground import BENCH_LOGIN, Ground
from tests.bench.measured import CONNECTIONS, THREADS, Cpu, Failed, milliseconds_each

WARM_UP_SECONDS = 2
_SECOND = re.compile(r"^progress: [0-9.]+ s, ([0-9.]+) tps,", re.MULTILINE)
_RATE = re.compile(r"^tps = ([0-9.]+) \(without", re.MULTILINE)
_LOST = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FloorRun:
    """Transactions a second once the connections were warm, and what each cost the server."""

    per_second: float
    postgres_ms: float | None


async def run_floor(
    ground: Ground, script: str, *, variables: dict[str, int], seconds: int, server: Cpu
) -> FloorRun:
    """`floor/<script>.sql` with all connections for so many seconds, after two that do not count:
    a new connection plans everything anew. Raises `Failed` if a single transaction failed.
    """
    before: list[float | None] = []

    async def look() -> None:
        await asyncio.sleep(WARM_UP_SECONDS)
        before.append(server.seconds())

    looking = asyncio.create_task(look())
    said = await _pgbench(
        ground,
        script,
        *(f"--time={WARM_UP_SECONDS + seconds}", "--progress=1", f"--jobs={THREADS}"),
        variables=variables,
        clients=CONNECTIONS,
    )
    await looking
    rates = [float(rate) for rate in _SECOND.findall(said)][WARM_UP_SECONDS:]
    if not rates:
        raise Failed(f"pgbench said something else:\n{said[-2000:]}")
    per_second = sum(rates) / len(rates)
    cost = milliseconds_each(before[0], server.seconds(), round(per_second * seconds))
    return FloorRun(per_second, cost)


async def repeat_floor(
    ground: Ground, script: str, *, variables: dict[str, int], times: int
) -> None:
    """The script so many times on one connection. Raises `Failed` if one of them failed."""
    await _pgbench(ground, script, f"--transactions={times}", variables=variables, clients=1)


async def time_floor(
    ground: Ground, script: str, *, variables: dict[str, int], clients: int, times: int
) -> float:
    """Seconds that the script took, so many times on each of so many connections that stood
    already. Raises `Failed` if one of them failed.
    """
    options = (f"--transactions={times}", f"--jobs={min(clients, THREADS)}")
    said = await _pgbench(ground, script, *options, variables=variables, clients=clients)
    rate = _RATE.search(said)
    if rate is None:
        raise Failed(f"pgbench said something else:\n{said[-2000:]}")
    return times * clients / float(rate[1])


async def _pgbench(
    ground: Ground, script: str, *options: str, variables: dict[str, int], clients: int
) -> str:
    program = shutil.which("pgbench")
    if program is None:
        raise Failed("pgbench is not installed (Debian: postgresql-contrib)")
    given = {"i": -1, "clients": clients, **variables}
    process = await asyncio.create_subprocess_exec(
        program,
        *("--no-vacuum", "--protocol=prepared", f"--client={clients}", *options),
        *("--file", str(_SCRIPTS / f"{script}.sql")),
        *(f"--define={name}={value}" for name, value in given.items()),
        ground.dsn(BENCH_LOGIN),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    lost = _LOST.search(said)
    if process.returncode != 0 or (lost is not None and int(lost[1])):
        raise Failed(f"the floor of {script} failed:\n{said[-2000:]}")
    return said


_SCRIPTS = Path(__file__).parent
