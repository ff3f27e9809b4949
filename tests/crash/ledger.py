"""The proxy's memory: the trace of statements, their ordinals, and the hooks that judge them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tests.crash.units import COUNTED, Kind, Unit

TRACE_LENGTH: Final = 20_000


class Verdict(Enum):
    """What the proxy does with the unit that a hook was asked about."""

    PASS = "pass"
    HOLD_FOREVER = "hold_forever"
    """Neither side hears anything more; both are closed as soon as the client hangs up."""
    DROP = "drop"
    """Both sides are closed. Before: nothing was forwarded. After: executed, never answered."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One unit: Query to ReadyForQuery, or Parse/Bind/Execute and Sync to ReadyForQuery.

    Ordinals count begin, commit, rollback and statement from 1, over all connections; other kinds
    have the ordinal 0. (The BEGIN and ROLLBACK that SQLAlchemy puts around a ping do count, since
    a BEGIN does not tell what follows.) `connection` counts from 1. After the unit, `kind` is what
    really happened.
    """

    ordinal: int
    connection: int
    sql: str
    user: str
    application_name: str
    kind: Kind


Hook = Callable[[Statement], Awaitable[Verdict]]


class Ledger:
    """One numbering over all connections of a proxy."""

    def __init__(self) -> None:
        self._trace: dict[int, Statement] = {}
        self._before: list[Hook] = []
        self._after: list[Hook] = []
        self._ordinal = self._serial = 0

    @property
    def trace(self) -> list[Statement]:
        """The units seen so far in the order of their sending, at most the last 20,000."""
        return list(self._trace.values())

    def before(self, hook: Hook) -> None:
        """The hook is awaited when a statement is complete and nothing of it was forwarded."""
        self._before.append(hook)

    def after(self, hook: Hook) -> None:
        """The hook is awaited when the server has executed and the client has not heard of it."""
        self._after.append(hook)

    def reset(self) -> None:
        """Trace and hooks are gone and ordinals start at 1; connections live on."""
        self._trace.clear()
        self._before.clear()
        self._after.clear()
        self._ordinal = 0

    def record(self, unit: Unit, *, connection: int, user: str, application_name: str) -> Statement:
        """The unit stands in the trace, under an ordinal of its own if its kind counts."""
        kind = unit.kind
        if kind in COUNTED:
            self._ordinal += 1
        self._serial += 1
        unit.serial = self._serial
        statement = Statement(
            ordinal=self._ordinal if kind in COUNTED else 0,
            connection=connection,
            sql=unit.sql,
            user=user,
            application_name=application_name,
            kind=kind,
        )
        self._trace[self._serial] = statement
        if len(self._trace) > TRACE_LENGTH:
            del self._trace[next(iter(self._trace))]
        return statement

    async def verdict_before(self, statement: Statement) -> Verdict:
        return await _first_objection(self._before, statement)

    async def verdict_after(self, unit: Unit, statement: Statement) -> Verdict:
        """The trace tells the unit's true kind. A unit from before a reset concerns no hook."""
        if unit.serial not in self._trace:
            return Verdict.PASS
        self._trace[unit.serial] = statement
        return await _first_objection(self._after, statement) if statement.ordinal else Verdict.PASS


async def _first_objection(hooks: list[Hook], statement: Statement) -> Verdict:
    for hook in tuple(hooks):
        verdict = await hook(statement)
        if verdict is not Verdict.PASS:
            return verdict
    return Verdict.PASS
