"""Every room has a sign on its door, and no file but those of the room plan."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.house.plan import DOORS, PACKAGES
from tests.house.source import ROOMS, Tree, below, obey, parsed, whole_tree


def rooms(tree: Tree) -> list[str]:
    """The names of all rooms: folders of `features` that hold any Python."""
    inside = (name.removeprefix(ROOMS) for name in below(tree, ROOMS))
    return sorted({name.split("/")[0] for name in inside if "/" in name})


def missing_signs(tree: Tree) -> list[str]:
    """Rooms whose sign is absent, or does not say what is not here and who is told."""
    return [f"{room}/__init__.py: {flaw}" for room in rooms(tree) for flaw in _flaws(tree, room)]


def _flaws(tree: Tree, room: str) -> Iterator[str]:
    text = tree.get(f"{ROOMS}{room}/__init__.py")
    sign = " ".join((ast.get_docstring(parsed(text)) or "").split()) if text else ""
    if len(re.findall(r"[.!?](?=\s|$)", sign)) < 2:
        yield "the sign has fewer than two sentences"
    if "Not here:" not in sign:
        yield "the sign does not say what is not here (`Not here: …`)"
    if "announces" not in sign.lower():
        yield "the sign does not say whom the room announces to (`Announces …`)"


def test_every_room_has_a_sign() -> None:
    assert len(rooms(whole_tree())) >= 5
    obey(
        missing_signs(whole_tree()),
        law="A newcomer reads three sentences at the door of a room and knows whether to come in.",
        mend="write in its __init__.py what the room owns, what it does not (`Not here: …`) and"
        " what it announces.",
    )


@pytest.mark.parametrize(
    "bad",
    [
        {"gifts/rules.py": ""},
        {"gifts/__init__.py": "", "gifts/rules.py": ""},
        {"gifts/__init__.py": '"""Gifts: what is given."""\n'},
        {"gifts/__init__.py": '"""Gifts. Not here: coupons."""\n'},
        {"gifts/__init__.py": '"""Gifts. Announces nothing."""\n'},
    ],
)
def test_a_room_without_a_sign_is_found(bad: dict[str, str]) -> None:
    assert missing_signs({ROOMS + name: text for name, text in bad.items()})


def unplanned_files(tree: Tree) -> list[str]:
    """Files of a room whose names the room plan does not have."""
    return [name for name in below(tree, ROOMS) if not _is_planned(name.removeprefix(ROOMS))]


def _is_planned(inside: str) -> bool:
    match PurePosixPath(inside).with_suffix("").parts:
        case ("__init__",):
            return True
        case (_, door):
            return door in DOORS
        case (_, package, _):
            return package in PACKAGES
        case _:
            return False


def test_every_file_is_in_the_room_plan() -> None:
    obey(
        unplanned_files(whole_tree()),
        law="A room has only the doors it needs, always under the same names.",
        mend="put each line where the room plan has it (tests/house/plan.py); a new kind of door"
        " goes into ADDITIONS there, with its reason.",
    )


@pytest.mark.parametrize(
    "bad", ["gifts/helpers.py", "gifts/wrapping/tie.py", "gifts/service/a/b.py", "loose.py"]
)
def test_a_file_outside_the_plan_is_found(bad: str) -> None:
    good = {"__init__.py": "", "gifts/rules.py": "", "gifts/service/give.py": ""}
    assert unplanned_files({ROOMS + name: "" for name in [*good, bad]}) == [ROOMS + bad]
