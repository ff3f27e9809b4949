"""The table of medians, and the ratios to the lean floor."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.bench.measured import CONNECTIONS, WORKERS, Measured

FLOOR, QUOTED = "floor", "elsewhere"
_LEGEND = """
floor      pgbench: the leanest SQL that writes the same rows, with the same roles and commits
elsewhere  the service; its provider answers at once and keeps its books outside of our database,
           as a real one does. Its ratio is the one to quote.
sandbox    the service with its sandbox, whose books are one transaction more in our PostgreSQL
"""


def machine(*, postgres: str) -> str:
    """What the figures were made on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (
        f"{os.cpu_count()} cores ({models[0] if models else 'unknown'}), PostgreSQL {postgres},"
        f" {WORKERS} workers, {CONNECTIONS} connections, load average {os.getloadavg()[0]:.1f}"
    )


def table(results: Mapping[str, Mapping[str, Sequence[Measured]]]) -> str:
    """Medians over the rounds, a block a task."""
    head = (
        f"{'':9} {'':10} {'1/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'python ms':>10}"
        f" {'postgres ms':>12} {'of the floor':>13}"
    )
    lines = [head, *(line for task, runs in results.items() for line in _block(task, runs))]
    return "\n".join(lines) + "\n" + _LEGEND


def _block(task: str, runs: Mapping[str, Sequence[Measured]]) -> Iterator[str]:
    floor = _median([one.per_second for one in runs[FLOOR]])
    for name, rounds in runs.items():
        rate = _median([one.per_second for one in rounds])
        ratio = f"{rate / floor:.2f}" if rate and floor else ""
        mark = " <" if name == QUOTED else "  "
        yield (
            f"{task:9} {name:10} {_said(rate, 0):>8}"
            f" {_said(_median([one.p50_ms for one in rounds]), 1):>8}"
            f" {_said(_median([one.p99_ms for one in rounds]), 1):>8}"
            f" {_said(_median([one.python_ms for one in rounds]), 2):>10}"
            f" {_said(_median([one.postgres_ms for one in rounds]), 2):>12} {ratio:>11}{mark}"
        )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _said(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
