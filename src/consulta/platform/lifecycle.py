"""Lifecycle: how a process begins, and how it ends without losing anything.

On SIGTERM readiness turns false first; then nothing new is begun, what runs is awaited, and last
the pools close. Uvicorn meanwhile finishes the requests at hand (`timeout_graceful_shutdown`).
"""

import asyncio
import signal
import threading
from types import FrameType
from typing import Any

import structlog

from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs
from consulta.platform.scheduler import Scheduler

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_log = structlog.get_logger("consulta.lifecycle")


class Lifecycle:
    """The clock and the loops of one process, from its start to its stop.

    `notice_seconds` lie between a SIGTERM and the end of accepting connections, for load balancers
    that take a while to hear that the replica is not ready.
    """

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        *,
        drain_seconds: float,
        is_scheduling: bool = True,
        notice_seconds: float = 0,
        tick_seconds: float | None = None,
    ) -> None:
        self.database = database
        self.jobs = jobs
        self.scheduler = (
            Scheduler(jobs) if tick_seconds is None else Scheduler(jobs, tick_seconds=tick_seconds)
        )
        self.stopping = asyncio.Event()
        """Set as soon as the process is to end: streams that never end by themselves watch it."""
        self._drain_seconds = drain_seconds
        self._is_scheduling = is_scheduling
        self._notice_seconds = notice_seconds
        self._previous: dict[int, Any] = {}

    @property
    def is_draining(self) -> bool:
        return self.stopping.is_set()

    async def start(self) -> None:
        """The clock ticks, unless this replica only answers requests; SIGTERM is listened for."""
        self._listen()
        if self._is_scheduling:
            self.scheduler.start()

    async def stop(self) -> None:
        """Not ready, then drained, then closed. Takes at most `drain_seconds` and a little."""
        self.begin_draining()
        await self.scheduler.stop(drain_seconds=self._drain_seconds)
        await self.database.engines.dispose()
        self._unlisten()

    def begin_draining(self) -> None:
        """Readiness is false and no lease is taken any more; requests are still answered."""
        if not self.stopping.is_set():
            _log.info("stopping")
            self.stopping.set()
            self.jobs.stop_leasing()

    def _listen(self) -> None:
        """Before uvicorn, which has set its handlers by now and gets the signal from us."""
        # Handlers belong to the main thread; elsewhere (tests) whoever runs us calls `stop`.
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()

        def heard(number: int, frame: FrameType | None) -> None:
            is_second = self.is_draining
            loop.call_soon_threadsafe(self.begin_draining)
            previous = self._previous.get(number)
            if not callable(previous):
                return
            if is_second or self._notice_seconds <= 0:
                previous(number, frame)
            else:
                loop.call_soon_threadsafe(
                    loop.call_later, self._notice_seconds, previous, number, None
                )

        for number in _SIGNALS:
            previous = signal.getsignal(number)
            # Where nobody handles the signal, the process should end as it always did.
            if callable(previous) and previous is not signal.default_int_handler:
                self._previous[number] = previous
                signal.signal(number, heard)

    def _unlisten(self) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        self._previous.clear()
