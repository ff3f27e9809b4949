"""Transitions: a table of legal moves between states, and the question "may I?"."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
K = TypeVar("K", bound=StrEnum)


class IllegalMove(Exception):
    """A move that the table does not have."""

    def __init__(self, source: StrEnum, target: StrEnum) -> None:
        self.source, self.target = source, target
        super().__init__(f"no move from {source} to {target}")


class Transitions(Generic[S, K]):
    """Which kinds of actor may move a thing from one state to another."""

    def __init__(self, moves: Mapping[tuple[S, S], AbstractSet[K]]) -> None:
        self._moves = {move: frozenset(kinds) for move, kinds in moves.items()}

    def allows(self, source: S, target: S, by: K) -> bool:
        return by in self._moves.get((source, target), frozenset())

    def check(self, source: S, target: S, by: K) -> None:
        """Nothing happens if the move is legal; raises `IllegalMove` otherwise."""
        if not self.allows(source, target, by):
            raise IllegalMove(source, target)

    def targets(self, source: S) -> frozenset[S]:
        return frozenset(target for start, target in self._moves if start == source)

    def is_end(self, state: S) -> bool:
        return not self.targets(state)

    def rows(self) -> frozenset[tuple[str, str, str]]:
        """(from, to, kind of actor) as plain text: the shape in which the database has them."""
        return frozenset(
            (str(source), str(target), str(kind))
            for (source, target), kinds in self._moves.items()
            for kind in kinds
        )
