"""Faults on order: answers that fail, come late, or get lost on the way."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fakes.stripe.refusals import Json, Refused

MOST_FAULTS = 1_000


class FaultKind(StrEnum):
    FAIL = "fail"
    DELAY = "delay"
    DROP = "drop"


class Phase(StrEnum):
    BEFORE = "before"  # nothing has happened at Stripe
    AFTER = "after"  # it has happened, and the answer is what suffers


@dataclass
class Fault:
    """Strikes the next `times` matching requests, then is spent."""

    kind: FaultKind
    phase: Phase
    times: int = 1
    method: str | None = None
    path: str | None = None
    """A regular expression that is searched for in the path."""
    seconds: float = 0.0
    status: int = 500
    error: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    stored: bool = False
    """The same answer will be given again for the same idempotency key."""

    def fits(self, method: str, path: str) -> bool:
        return self.method in (None, method) and (
            self.path is None or re.search(self.path, path) is not None
        )

    def refusal(self) -> Refused:
        facts = dict(self.error)
        kind, message = facts.pop("type"), facts.pop("message")
        return Refused(
            self.status,
            kind=kind,
            message=message,
            code=facts.pop("code", None),
            headers=self.headers,
            stored=self.stored,
            facts=facts,
        )


class FaultBook:
    """Faults in the order in which they were ordered; of each kind the first that fits strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def order(self, fault: Fault) -> None:
        if len(self._faults) >= MOST_FAULTS:
            raise OverflowError(f"no more than {MOST_FAULTS} faults at a time")
        if fault.path is not None:
            re.compile(fault.path)
        self._faults.append(fault)

    def take(self, kind: FaultKind, phase: Phase, *, method: str, path: str) -> Fault | None:
        for fault in self._faults:
            if fault.kind is kind and fault.phase is phase and fault.fits(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def pending(self) -> int:
        return sum(fault.times for fault in self._faults)

    def clear(self) -> None:
        self._faults.clear()
