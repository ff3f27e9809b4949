"""Nothing in the tree waits to be finished, and every module says what belongs there."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import SOURCE, Tree, below, dotted, lines_with, modules, obey, whole_tree

_HERE = "tests/house/test_finished.py"
_UNFINISHED = (
    r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|NotImplemented)\b|pragma: no (cover|branch)"
)


def unfinished(tree: Tree) -> list[str]:
    """Words of what is not done yet, and of what no test shall see."""
    return lines_with(below(tree, "src/", "tests/", "alembic/", ".ci/", suffix=""), _UNFINISHED)


def test_nothing_waits_to_be_finished() -> None:
    tree = {name: text for name, text in whole_tree().items() if name != _HERE}
    obey(unfinished(tree), law="Finished or not there.", mend="finish it, or take it out.")


@pytest.mark.parametrize(
    "bad", ["# TODO: later", "raise NotImplementedError", "else:  # pragma: no cover", "-- FIXME"]
)
def test_something_unfinished_is_found(bad: str) -> None:
    assert unfinished({"src/a.py": bad})
    assert unfinished({"alembic/functions/a.sql": bad})


def stubs(tree: Tree) -> list[str]:
    """Functions of the service that do nothing; protocols apart, and those that hear and do nothing
    by intent, which is what an underscore before every argument says.
    """
    return [
        f"{name}:{function.lineno}: {function.name}()"
        for name, module in modules(tree, SOURCE)
        for function in _concrete_functions(module)
        if all(_is_nothing(statement) for statement in function.body) and not _is_deaf(function)
    ]


def _concrete_functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef) and any(
            "Protocol" in ast.unparse(b) for b in child.bases
        ):
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = {dotted(mark).split(".")[-1] for mark in child.decorator_list}
            if marks.isdisjoint({"abstractmethod", "overload"}):
                yield child
        yield from _concrete_functions(child)


def _is_deaf(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    return bool(names) and all(name.startswith("_") for name in names)


def _is_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is ...
    )


def test_every_function_does_something() -> None:
    obey(stubs(whole_tree()), law="No stub.", mend="write the function, or take it out.")


def test_a_stub_is_found() -> None:
    stub = "class A:\n    async def start(self) -> None: ...\n"
    port = "class A(Protocol):\n    async def start(self) -> None: ...\n"
    assert stubs({SOURCE + "a.py": stub}) == [SOURCE + "a.py:2: start()"]
    assert stubs({SOURCE + "a.py": port}) == []
    assert stubs({SOURCE + "a.py": "def say_nothing(_text: str) -> None: ..."}) == []


def silent_modules(tree: Tree) -> list[str]:
    """Modules that do not open with what belongs in them."""
    return [
        name
        for name, module in modules(tree, "src/", "tests/", "alembic/")
        if not ast.get_docstring(module)
    ]


def test_every_module_says_what_belongs_there() -> None:
    obey(
        silent_modules(whole_tree()),
        law="Every module opens with one to three lines: what belongs here.",
        mend="write the docstring.",
    )


@pytest.mark.parametrize("bad", ["", "import ast\n", "# a comment\n", "import ast\n'''late'''\n"])
def test_a_silent_module_is_found(bad: str) -> None:
    assert silent_modules({"src/a.py": bad, "src/b.py": '"""Says."""\n'}) == ["src/a.py"]
