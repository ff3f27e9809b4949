"""Where to crash: one numbering of SQL statements and provider calls, and one kill at a chosen one.

A run without a crash records the events; each of them then gives two runs, killed before and after.
"""

import os
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tests.crash.wire import Statement, Verdict, WireProxy

Phase = Literal["before", "after"]
Source = Literal["sql", "provider"]

_EVENTS_LIMIT: Final = 20_000
_DEATH_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Event:
    """A statement or a provider call; `name` is its SQL or the call's name, ordinals start at 1."""

    ordinal: int
    source: Source
    name: str
    kind: str


def kill_nine(pid: int) -> None:
    """The process is dead by SIGKILL when this returns; ProcessLookupError if there was none."""
    if pid <= 1:
        raise ValueError(f"{pid} is not one process of ours")
    if sys.platform != "linux":
        os.kill(pid, signal.SIGKILL)
        return
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        # A signal is a request: until it is carried out, the victim might still hear of a dropped
        # connection and act on it.
        if not select.select([handle], [], [], _DEATH_SECONDS)[0]:
            raise TimeoutError(f"process {pid} survives SIGKILL")
    finally:
        os.close(handle)


class CrashPlan:
    """Kills the target exactly once, before or after the event with the ordinal given.

    Without an ordinal it only records. Only events that begin while `armed` are counted, and of
    the statements only those that `counts` accepts. Safe to be told of events by several threads.
    """

    def __init__(
        self,
        *,
        ordinal: int | None = None,
        phase: Phase = "before",
        target: Callable[[], int] | None = None,
        counts: Callable[[Statement], bool] = lambda _statement: True,
        armed: bool = True,
        kill: Callable[[int], None] = kill_nine,
    ) -> None:
        if ordinal is not None and (ordinal < 1 or target is None):
            raise ValueError("a crash needs an ordinal from 1 and a target")
        self.armed = armed
        self._ordinal = ordinal
        self._phase = phase
        self._target = target
        self._counts = counts
        self._kill = kill
        self._lock = threading.Lock()
        self._trace: deque[Event] = deque(maxlen=_EVENTS_LIMIT)
        self._last_ordinal = 0
        self._statements: dict[int, Event] = {}
        self._calls: dict[tuple[str, str], deque[Event | None]] = {}
        self._killed_at: Event | None = None

    @property
    def trace(self) -> list[Event]:
        """The counted events in the order of their beginning, at most the last 20,000."""
        with self._lock:
            return list(self._trace)

    @property
    def killed_at(self) -> Event | None:
        """The event around which the target was killed; None as long as it was not."""
        return self._killed_at

    def plug_into(self, proxy: WireProxy) -> None:
        """The plan sees the proxy's statements from now on, until the proxy is reset."""
        proxy.before(self._before_statement)
        proxy.after(self._after_statement)

    def provider_event(self, name: str, phase: str, call: str = "") -> Verdict:
        """To be called by a fake provider before it acts and before it answers.

        DROP means that the target is now dead: a fake told so before must not act. `call` tells
        simultaneous calls of one name apart; without it the first begun counts as first ended.
        """
        if phase not in {"before", "after"}:
            raise ValueError(f"a provider's phase is before or after, not {phase}")
        with self._lock:
            waiting = self._calls.setdefault((name, call), deque(maxlen=_EVENTS_LIMIT))
            if phase == "before":
                event = self._counted("provider", name=name, kind="call") if self.armed else None
                waiting.append(event)
                return self._judged(event, phase="before")
            event = waiting.popleft() if waiting else None
            if not waiting:
                del self._calls[name, call]
            return self._judged(event, phase="after")

    async def _before_statement(self, statement: Statement) -> Verdict:
        with self._lock:
            if not self.armed or not self._counts(statement):
                return Verdict.PASS
            event = self._counted("sql", name=statement.sql, kind=statement.kind)
            self._statements[statement.ordinal] = event
            if len(self._statements) > _EVENTS_LIMIT:
                del self._statements[next(iter(self._statements))]
            return self._judged(event, phase="before")

    async def _after_statement(self, statement: Statement) -> Verdict:
        with self._lock:
            return self._judged(self._statements.pop(statement.ordinal, None), phase="after")

    def _counted(self, source: Source, *, name: str, kind: str) -> Event:
        self._last_ordinal += 1
        event = Event(ordinal=self._last_ordinal, source=source, name=name, kind=kind)
        self._trace.append(event)
        return event

    def _judged(self, event: Event | None, *, phase: Phase) -> Verdict:
        if (
            event is None
            or self._target is None
            or (event.ordinal, phase) != (self._ordinal, self._phase)
        ):
            return Verdict.PASS
        self._kill(self._target())
        self._killed_at = event
        return Verdict.DROP


def crash_points(trace: Sequence[Event]) -> list[tuple[int, Phase]]:
    """Every place where a run with this trace can be killed, in order."""
    phases: tuple[Phase, Phase] = ("before", "after")
    return [(event.ordinal, phase) for event in trace for phase in phases]


def swallow_commit(
    proxy: WireProxy, *, counts: Callable[[Statement], bool] = lambda _statement: True
) -> None:
    """The next COMMIT that `counts` accepts is executed, and its client loses the connection."""
    is_pending = True

    async def drop_once(statement: Statement) -> Verdict:
        nonlocal is_pending
        if not is_pending or statement.kind != "commit" or not counts(statement):
            return Verdict.PASS
        is_pending = False
        return Verdict.DROP

    proxy.after(drop_once)
