"""The lean floor: what PostgreSQL itself does for the same rows, driven by `pgbench`."""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ground import BENCH_LOGIN, Ground
from tests.bench.measured import CONNECTIONS, THREADS, Failed

_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_DONE = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)
_LOST = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FloorRun:
    requests: int
    per_second: float
    average_ms: float


async def run_floor(
    ground: Ground,
    script: str,
    *,
    variables: dict[str, int],
    seconds: int | None = None,
    transactions: int | None = None,
) -> FloorRun:
    """`floor/<script>.sql` for so many seconds with all connections, or so many times with one.
    Raises `Failed` if a single transaction failed.
    """
    program = shutil.which("pgbench")
    if program is None:
        raise Failed("pgbench is not installed (Debian: postgresql-contrib)")
    clients = 1 if transactions is not None else CONNECTIONS
    bounds = ["-t", str(transactions)] if transactions is not None else ["-T", str(seconds)]
    given = {"i": -1, "clients": clients, **variables}
    process = await asyncio.create_subprocess_exec(
        program,
        *("--no-vacuum", "--protocol=prepared", f"--client={clients}"),
        *(f"--jobs={min(THREADS, clients)}", *bounds),
        *("--file", str(Path(__file__).parent / f"{script}.sql")),
        *(f"--define={name}={value}" for name, value in given.items()),
        ground.dsn(BENCH_LOGIN),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    lost = _LOST.search(said)
    if process.returncode != 0 or (lost is not None and int(lost[1])):
        raise Failed(f"the floor of {script} failed:\n{said[-2000:]}")
    return FloorRun(
        int(_found(_DONE, said)), float(_found(_RATE, said)), float(_found(_LATENCY, said))
    )


def _found(pattern: re.Pattern[str], said: str) -> str:
    match = pattern.search(said)
    if match is None:
        raise Failed(f"pgbench said something else:\n{said[-2000:]}")
    return match[1]
