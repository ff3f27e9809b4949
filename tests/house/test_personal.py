"""The tree knows nothing of the machine or the desk it was written at: it clones cleanly."""

import re
from pathlib import PurePosixPath

import pytest

from tests.house.source import Tree, lines_with, obey, whole_tree

_MACHINE_PATH = (
    r"(?<![\w.:/{}$-])/(?:home|Users|root|work|mnt|media|srv)/[\w.-]+"
    r"|\b[A-Z]:\\{1,2}(?:Users|Windows|Program)\w*"
)
# What an attacker would write leads to the system's own folders, and is no part of this.
_UPWARDS = re.compile(r"(?<![\w/.])(?:\.\./)+(?!dev/|etc/|proc/)[\w-]+(?:/[\w.-]+)*")
_DOCUMENT = re.compile(r"(?<![\w*/.:-])[\w./-]+\.md\b")
_ELSEWHERE = r"\b[Dd]esign section \d|\bissue #?\d+"

_HERE = "tests/house/test_personal.py"


def machine_paths(tree: Tree) -> list[str]:
    """Absolute paths of somebody's machine."""
    return lines_with(tree, _MACHINE_PATH)


def outside_folders(tree: Tree) -> list[str]:
    """Relative paths that lead out of the tree."""
    return [
        f"{name}: {found}"
        for name, text in tree.items()
        for found in _UPWARDS.findall(text)
        if found.count("../") > len(PurePosixPath(name).parts) - 1
    ]


def unknown_documents(tree: Tree) -> list[str]:
    """Documents that are spoken of, and are not here."""
    names = {PurePosixPath(name).name for name in tree}
    return [
        f"{name}: {found}"
        for name, text in tree.items()
        for found in _DOCUMENT.findall(text)
        if PurePosixPath(found).name not in names
    ] + lines_with(tree, _ELSEWHERE)


def _others() -> Tree:
    return {name: text for name, text in whole_tree().items() if name != _HERE}


def test_no_file_knows_a_machine() -> None:
    obey(
        machine_paths(_others()),
        law="No path of a machine.",
        mend="use tmp_path, a setting, or a path from the root of the tree.",
    )


def test_no_file_leads_outside() -> None:
    obey(outside_folders(_others()), law="The tree is whole.", mend="bring in what is needed.")


def test_every_document_spoken_of_is_here() -> None:
    obey(
        unknown_documents(_others()),
        law="What a comment points at can be read: in the README, or in a public standard.",
        mend="point at a numbered decision of the README (D7), or say it in words.",
    )


@pytest.mark.parametrize(
    "bad",
    ["see /home/anna/consulta", "cd /work/room", r"C:\Users", "(/root/x)"],
)
def test_a_machine_path_is_found(bad: str) -> None:
    assert machine_paths({"src/a.py": bad})


@pytest.mark.parametrize("good", ["https://a.example/home/x", "GET /api/work/x", "{base}/tmp/a"])
def test_an_address_is_no_machine_path(good: str) -> None:
    assert not machine_paths({"src/a.py": good})


def test_a_way_out_is_found() -> None:
    assert outside_folders({"README.md": "../desk/notes"})
    assert outside_folders({"src/a.py": "../../desk"})
    assert not outside_folders({"src/a.py": "../tests"})


@pytest.mark.parametrize("bad", ["see notes.md", "docs/plan.md says", "(design section 5)"])
def test_an_unknown_document_is_found(bad: str) -> None:
    assert unknown_documents({"src/a.py": bad})
    assert not unknown_documents({"src/a.py": "see README.md", "README.md": ""})
