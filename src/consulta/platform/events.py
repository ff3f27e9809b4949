"""Facts and reactions: announce upward without knowing who stands there.

A lower room announces a fact; a higher one reacts inside the same transaction. Who listens to what
is written down once, in the wiring.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from consulta.platform.db.work import Work

Fact = Any
F = TypeVar("F")
Reaction = Callable[["Work", Any], Awaitable[None]]


class Reactions:
    """Who reacts to which kind of fact, in the order in which they were registered."""

    def __init__(self, pairs: Iterable[tuple[type, Reaction]] = ()) -> None:
        self._by_kind: dict[type, list[Reaction]] = {}
        for kind, reaction in pairs:
            self._by_kind.setdefault(kind, []).append(reaction)

    async def tell(self, work: "Work", fact: Fact) -> None:
        for reaction in self._by_kind.get(type(fact), ()):
            await reaction(work, fact)
