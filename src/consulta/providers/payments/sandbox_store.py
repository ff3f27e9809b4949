"""Where the sandbox keeps its charges: a small port, and a store in memory for one process."""

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

State = dict[str, Any]
"""A charge as plain JSON. The members that a store may look at: `reference`, `payment_id`,
`created_at` (Unix seconds, a float) and `version` (an integer).

A store with a clock of its own adds `age` to what it gives out: the seconds since the charge was
first saved, by that clock. Such a charge ages by it, and not by the clock of whoever reads."""

FOUND_MAX = 20


class SandboxStore(Protocol):
    """Keeps the sandbox's charges where every replica and the next start of the service see them.

    A store may refuse only with `ProviderUnavailable`.
    """

    async def load(self, reference: str) -> State | None: ...

    async def save(self, reference: str, state: State, *, expected_version: int) -> bool:
        """True: what is kept stood at that version (0: there was nothing) and is now `state`,
        whose own `version` is the next. False: it stood at another one, and nothing changed.
        """
        ...

    async def find(self, payment_id: str) -> Sequence[State]:
        """The charges of a payment, the newest first, at most 20."""
        ...

    async def recent(self, since: datetime, *, limit: int) -> Sequence[State]:
        """Charges made since, the newest first, at most so many."""
        ...


class MemorySandboxStore:
    """For tests and demos of one process: everything is gone with the process, and beyond
    `charges_max` the oldest charge is forgotten.
    """

    def __init__(self, *, charges_max: int = 10_000) -> None:
        self._charges_max = charges_max
        self._states: dict[str, State] = {}

    async def load(self, reference: str) -> State | None:
        return copy.deepcopy(self._states.get(reference))

    async def save(self, reference: str, state: State, *, expected_version: int) -> bool:
        present = self._states.get(reference)
        if expected_version != (present["version"] if present else 0):
            return False
        self._states[reference] = copy.deepcopy(state)
        while len(self._states) > self._charges_max:
            del self._states[next(iter(self._states))]
        return True

    async def find(self, payment_id: str) -> Sequence[State]:
        found = [state for state in self._newest() if state["payment_id"] == payment_id]
        return copy.deepcopy(found[:FOUND_MAX])

    async def recent(self, since: datetime, *, limit: int) -> Sequence[State]:
        at = since.timestamp()
        found = [state for state in self._newest() if state["created_at"] >= at]
        return copy.deepcopy(found[:limit])

    def _newest(self) -> list[State]:
        return sorted(self._states.values(), key=lambda state: -state["created_at"])
