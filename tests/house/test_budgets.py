"""Law 9: everything is bounded. Sizes, names, and what must not stand in the tree at all."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from statistics import median, quantiles

import pytest

from tests.house.source import SOURCE, Tree, below, dotted, imports, modules, obey, whole_tree

MOST_LINES, SOFT_LINES = 400, 300
MOST_FUNCTION_LINES, SOFT_FUNCTION_LINES = 60, 40
MEDIAN_LINES, P90_LINES = 90, 220
MOST_COLUMNS = 100
# Few may be longer than the soft budgets: more of them are a habit.
FEW_OF_HUNDRED = 5

_CODE = ("src/", "tests/", "alembic/", ".ci/")


def lengths(tree: Tree) -> dict[str, int]:
    """Lines of every file of code, SQL and shell included."""
    return {name: text.count("\n") for name, text in below(tree, *_CODE, suffix="").items()}


def long_files(tree: Tree, *, most: int = MOST_LINES) -> list[str]:
    return [f"{name}: {lines} lines" for name, lines in lengths(tree).items() if lines > most]


def function_lengths(tree: Tree) -> Iterator[tuple[str, int]]:
    """Every function with its lines, its docstring left out: a promise may be long."""
    for name, module in modules(tree, "src/", "tests/", "alembic/"):
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}:{node.lineno}: {node.name}()", _lines_of(node)


def _lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def long_functions(tree: Tree, *, most: int = MOST_FUNCTION_LINES) -> list[str]:
    return [f"{name} {lines} lines" for name, lines in function_lengths(tree) if lines > most]


def long_lines(tree: Tree) -> list[str]:
    """Lines of Python and shell beyond 100 columns."""
    code = {**below(tree, "src/", "tests/", "alembic/"), **below(tree, ".ci/", suffix="")}
    return [
        f"{name}:{number}: {len(line)} columns"
        for name, text in code.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > MOST_COLUMNS
    ]


def test_no_file_is_long() -> None:
    obey(
        long_files(whole_tree()),
        law=f"No file has more than {MOST_LINES} lines (and few more than {SOFT_LINES}).",
        mend="split it by verb: `service.py` becomes `service/`, one file a verb, re-exported.",
    )


def test_no_function_is_long() -> None:
    obey(
        long_functions(whole_tree()),
        law=f"No function has more than {MOST_FUNCTION_LINES} lines.",
        mend="let it read as the list of things that happen, with the details behind names.",
    )


def test_no_line_is_long() -> None:
    obey(long_lines(whole_tree()), law=f"{MOST_COLUMNS} columns.", mend="break the line.")


def test_long_files_and_functions_are_few() -> None:
    files, functions = lengths(whole_tree()), list(function_lengths(whole_tree()))
    soft_files = long_files(whole_tree(), most=SOFT_LINES)
    soft_functions = long_functions(whole_tree(), most=SOFT_FUNCTION_LINES)
    law = f"At most {FEW_OF_HUNDRED} of a hundred are longer than the soft budget."
    if len(soft_files) * 100 > len(files) * FEW_OF_HUNDRED:
        obey(soft_files, law=law, mend="split the longest by verb.")
    if len(soft_functions) * 100 > len(functions) * FEW_OF_HUNDRED:
        obey(soft_functions, law=law, mend="give the details names of their own.")


def crowded(sizes: Mapping[str, int]) -> list[str]:
    """The longest files, if the files of the service are too long as a whole."""
    longest = sorted(sizes, key=lambda name: sizes[name], reverse=True)
    middle, p90 = median(sizes.values()), quantiles(sizes.values(), n=10)[-1]
    if middle < MEDIAN_LINES and p90 < P90_LINES:
        return []
    said = f"median {middle:.0f} (below {MEDIAN_LINES}), p90 {p90:.0f} (below {P90_LINES})"
    return [said, *(f"{name}: {sizes[name]} lines" for name in longest[: len(sizes) // 10 + 1])]


def test_most_files_are_short() -> None:
    sizes = lengths(whole_tree())
    obey(
        crowded({name: lines for name, lines in sizes.items() if name.startswith(SOURCE)}),
        law=f"Half of all files have fewer than {MEDIAN_LINES} lines, nine of ten {P90_LINES}.",
        mend="split the longest by verb, or by noun.",
    )


@pytest.mark.parametrize("bad", [[95] * 100, [10] * 80 + [230] * 20])
def test_a_crowd_of_long_files_is_found(bad: list[int]) -> None:
    assert crowded({str(number): lines for number, lines in enumerate(bad)})
    assert not crowded({str(number): 80 for number in range(100)})


def test_what_is_long_is_found() -> None:
    long = "def act():\n" + "    x = 1\n" * 60
    told = 'def act():\n    """Told.\n' + "    more\n" * 60 + '    """\n    x = 1\n'
    assert long_functions({"src/a.py": long}) == ["src/a.py:1: act() 61 lines"]
    assert long_functions({"src/a.py": told}) == []
    assert long_files({"alembic/functions/a.sql": "\n" * 401, "src/b.py": "\n" * 400})
    assert long_lines({"src/a.py": "#" * 101})
    assert not long_lines({"src/a.py": "#" * 100})


_NAMELESS = {"util", "utils", "helper", "helpers", "manager", "managers", "misc"}
_NAMELESS_ALONE = {"common", "base_service", "shared", "stuff"}


def nameless(tree: Tree) -> list[str]:
    """Files, folders and classes whose name says that their room has not been found yet."""
    files = [name for name in tree if any(_is_nameless(part) for part in _parts(name))]
    classes = [
        f"{name}:{node.lineno}: class {node.name}"
        for name, module in modules(tree, "src/", "tests/")
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and _is_nameless(_snake(node.name))
    ]
    return files + classes


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name).with_suffix("").parts


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _is_nameless(name: str) -> bool:
    return name in _NAMELESS_ALONE or not _NAMELESS.isdisjoint(name.split("_"))


def test_every_name_names_something() -> None:
    obey(
        nameless(whole_tree()),
        law="No utils, helpers, common, manager or base_service.",
        mend="if you want one of those names you have not yet found the room.",
    )


@pytest.mark.parametrize(
    "bad",
    ["src/utils.py", "src/helpers/a.py", "src/time_utils.py", "src/common.py", "tests/misc/a.py"],
)
def test_a_nameless_file_is_found(bad: str) -> None:
    assert nameless({bad: ""}) == [bad]


def test_a_nameless_class_is_found() -> None:
    assert nameless({"src/a.py": "class SlotManager: ..."}) == ["src/a.py:1: class SlotManager"]
    assert not nameless({"src/common_passwords.py": "class Managed: ..."})


def patches(tree: Tree) -> list[str]:
    """Where a test replaces something of ours instead of arranging the world."""
    return [
        f"{name}:{node.lineno}: {ast.unparse(node)[:70]}"
        for name, module in modules(tree, "tests/")
        for names in [dict(_local_names(module))]
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _patches_ours(node, names)
    ]


_PATCHERS = {"setattr", "setitem", "delattr", "delitem", "patch", "object", "dict", "multiple"}


def _patches_ours(call: ast.Call, names: dict[str, str]) -> bool:
    patcher = dotted(call.func)
    whose = patcher.rpartition(".")[0].split(".")[-1]
    if patcher.split(".")[-1] not in _PATCHERS or not call.args:
        return False
    if whose not in {"monkeypatch", "patch", "mock", "mocker"} and patcher != "patch":
        return False
    target = call.args[0]
    if isinstance(target, ast.Constant):
        return str(target.value).startswith("consulta.")
    first, _, rest = dotted(target).partition(".")
    return f"{names.get(first, first)}.{rest}".startswith("consulta.")


def _local_names(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], alias.name


def mocks(tree: Tree) -> list[str]:
    """Imports of mock objects: a fake that keeps state says more."""
    return [
        f"{name}:{line}: {imported}"
        for name, module in modules(tree, "tests/")
        for line, imported in imports(module)
        if imported.split(".")[:2] == ["unittest", "mock"] or imported.startswith("pytest_mock")
    ]


def test_nothing_of_ours_is_patched() -> None:
    obey(
        [*patches(whole_tree()), *mocks(whole_tree())],
        law="Nothing of ours is patched.",
        mend="vendors are the sandbox or stateful fakes; time is world.travel(); what has to vary"
        " is passed in.",
    )


@pytest.mark.parametrize(
    "bad",
    [
        "monkeypatch.setattr('consulta.platform.db.work.Work', None)",
        "from consulta.platform.db import work\nmonkeypatch.setattr(work, 'Work', None)",
        "from consulta.platform.db.work import Work\nmonkeypatch.setattr(Work, 'now', None)",
        "import consulta.settings\nmonkeypatch.setattr(consulta.settings, 'Settings', None)",
        "from consulta import settings as s\nmonkeypatch.setitem(s.X, 'a', None)",
        "with patch('consulta.settings.Settings'): pass",
        "with mock.patch('consulta.settings.Settings'): pass",
        "from consulta import settings\nwith mock.patch.object(settings, 'Settings'): pass",
    ],
)
def test_a_patch_is_found(bad: str) -> None:
    assert patches({"tests/test_a.py": bad})


def test_a_mock_is_found() -> None:
    assert mocks({"tests/test_a.py": "from unittest.mock import AsyncMock"})
    assert mocks({"tests/test_a.py": "from unittest import mock"})
    assert not patches({"tests/test_a.py": "monkeypatch.setenv('TZ', 'UTC')"})
