"""What all measurements share: how many connections, what one yields, how the CPU is read."""

import os
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16
THREADS = 2
WORKERS = 2

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A measurement that says nothing: too many errors, or rows that differ."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One round. Milliseconds of CPU are per request; None where a process is out of sight."""

    per_second: float
    p50_ms: float | None
    p99_ms: float | None
    python_ms: float | None
    postgres_ms: float | None


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds that a process and its descendants have used so far."""

    root: int | None

    def seconds(self) -> float | None:
        """None where the process is not on this machine. Descendants that ended count as well."""
        if self.root is None:
            return None
        ticks = 0
        for process in _tree(self.root):
            try:
                line = Path(f"/proc/{process}/stat").read_text()
            except OSError:  # it has ended: its parent has the sum
                continue
            used = line.rpartition(")")[2].split()
            ticks += sum(int(one) for one in used[11:15])
        return ticks / _TICKS_A_SECOND


def _tree(root: int) -> list[int]:
    found = [root]
    for process in found:
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return found


def milliseconds_each(before: float | None, after: float | None, requests: int) -> float | None:
    """CPU milliseconds of one of `requests`."""
    if before is None or after is None or not requests:
        return None
    return (after - before) * 1000 / requests
