"""Transitions: a table of moves answers who may, where to, and whether there is any way on."""

from enum import StrEnum

import pytest

from consulta.kernel.transitions import IllegalMove, Transitions


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    BRICKED_UP = "bricked up"


class Hand(StrEnum):
    GUEST = "guest"
    MASON = "mason"


MOVES: Transitions[Door, Hand] = Transitions(
    {
        (Door.OPEN, Door.SHUT): {Hand.GUEST, Hand.MASON},
        (Door.SHUT, Door.OPEN): {Hand.GUEST},
        (Door.SHUT, Door.BRICKED_UP): {Hand.MASON},
    }
)


def test_a_move_needs_its_row_and_its_hand() -> None:
    assert MOVES.allows(Door.OPEN, Door.SHUT, Hand.GUEST)
    assert not MOVES.allows(Door.SHUT, Door.OPEN, Hand.MASON)
    assert not MOVES.allows(Door.OPEN, Door.BRICKED_UP, Hand.MASON)
    assert not MOVES.allows(Door.OPEN, Door.OPEN, Hand.GUEST)


def test_an_illegal_move_names_both_ends() -> None:
    MOVES.check(Door.SHUT, Door.OPEN, Hand.GUEST)
    with pytest.raises(IllegalMove, match="no move from bricked up to open") as refused:
        MOVES.check(Door.BRICKED_UP, Door.OPEN, Hand.GUEST)
    assert (refused.value.source, refused.value.target) == (Door.BRICKED_UP, Door.OPEN)


def test_where_the_ways_lead() -> None:
    assert MOVES.targets(Door.SHUT) == {Door.OPEN, Door.BRICKED_UP}
    assert [door for door in Door if MOVES.is_end(door)] == [Door.BRICKED_UP]


def test_the_table_as_plain_rows() -> None:
    assert MOVES.rows() == {
        ("open", "shut", "guest"),
        ("open", "shut", "mason"),
        ("shut", "open", "guest"),
        ("shut", "bricked up", "mason"),
    }
