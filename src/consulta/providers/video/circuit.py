"""A circuit per connection: what fails again and again is left alone for a while."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from consulta.providers.video.port import CircuitOpen, VideoUnavailable

FAILURES_MAX = 5
REST_SECONDS = 30.0
RESTS_MAX = 600.0


class Circuit:
    """Opens after five failures in a row, and at once where the vendor asks for a pause. When its
    rest is over, one call goes through, and decides for the others.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rests = 0
        self._rests_until = 0.0
        self._is_probing = False

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Raises `CircuitOpen` instead of letting the call through."""
        self._ensure_closed()
        is_probe = self._failures >= FAILURES_MAX
        self._is_probing = is_probe
        try:
            yield
        except VideoUnavailable as failure:
            self._failed(failure.wait_seconds)
            raise
        except Exception:
            # Any answer is an answer: the vendor is there.
            self._recovered()
            raise
        else:
            self._recovered()
        finally:
            if is_probe:
                self._is_probing = False

    def _ensure_closed(self) -> None:
        left = self._rests_until - self._clock()
        if left > 0:
            raise CircuitOpen(retry_after_seconds=left)
        if self._is_probing:
            raise CircuitOpen(retry_after_seconds=1.0)

    def _failed(self, wait_seconds: float) -> None:
        self._failures += 1
        rest = wait_seconds
        if self._failures >= FAILURES_MAX:
            rest = max(rest, min(REST_SECONDS * 2.0**self._rests, RESTS_MAX))
            self._rests = min(self._rests + 1, 10)
        self._rests_until = max(self._rests_until, self._clock() + rest)

    def _recovered(self) -> None:
        self._failures = self._rests = 0
