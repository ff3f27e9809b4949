"""The clock of the fake: the real one plus an offset that only moves forward."""

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970. `base` may be the application's own clock, so that both agree."""

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base, self._offset_seconds = base, 0.0

    def now(self) -> int:
        return int(self._base() + self._offset_seconds)

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("the fake's clock never goes back")
        self._offset_seconds += seconds
