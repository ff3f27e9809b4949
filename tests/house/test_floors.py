"""Law 1: imports go down. The contracts stand in `pyproject.toml`, under `[tool.importlinter]`."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house.source import ROOT, SOURCE, Tree, dotted, modules, obey, whole_tree

_LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True, no_logo=True))
"""

# One import against each contract, added to the module that it would tempt.
_BAD_IMPORTS = {
    "kernel/money.py": "consulta.platform.events",
    "features/payments/rules.py": "consulta.features.bookings.rules",
    "features/payments/queries.py": "stripe",
    "features/bookings/service/book.py": "consulta.providers.payments.stripe",
    "features/bookings/access.py": "consulta.features.payments.router",
    "features/bookings/reactions.py": "consulta.settings",
}


def lint(source: Path) -> tuple[int, str]:
    """Exit code and words of import-linter about the package below `source`."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _LINT],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(source), "NO_COLOR": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_contract_holds() -> None:
    code, words = lint(ROOT / "src")
    obey(
        [] if code == 0 else words.partition("Broken contracts")[2].splitlines() or [words],
        law="Imports go down: call downward, announce upward.",
        mend="turn the import around: let the lower room announce a fact and the higher one react,"
        " or move what both need one floor down. No contract is loosened for an import.",
    )


def test_every_contract_is_seen_to_fail(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for file, imported in _BAD_IMPORTS.items():
        with (tmp_path / "src/consulta" / file).open("a", encoding="utf-8") as module:
            module.write(f"\nimport {imported}\n")

    code, words = lint(tmp_path / "src")

    assert code != 0
    assert re.findall(r"^(.+) KEPT", words, re.MULTILINE) == []
    assert len(re.findall(r"^(.+) BROKEN", words, re.MULTILINE)) == len(_BAD_IMPORTS)


def deferred_imports(tree: Tree) -> list[str]:
    """Imports inside functions, spelled as statements or as calls: they are how knots begin."""
    return [
        f"{name}:{node.lineno}: an import inside {function.name}()"
        for name, module in modules(tree, SOURCE)
        for function in ast.walk(module)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in _imports_in(function)
    ]


def _imports_in(function: ast.AST) -> Iterator[Any]:
    for node in ast.walk(function):
        called = dotted(node.func) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Import | ast.ImportFrom) or called in _CALLED_IMPORTS:
            yield node


_CALLED_IMPORTS = {"__import__", "import_module", "importlib.import_module"}


def test_no_import_is_deferred() -> None:
    obey(
        deferred_imports(whole_tree()),
        law="Deferred imports inside functions are forbidden: they are how knots begin.",
        mend="import at the top of the module; if that makes a knot, the line stands in the"
        " wrong room.",
    )


@pytest.mark.parametrize(
    "bad",
    [
        "def act():\n    from consulta.features import bookings\n",
        "async def act():\n    if True:\n        import stripe\n",
        "def act():\n    return importlib.import_module('stripe')\n",
    ],
)
def test_a_deferred_import_is_found(bad: str) -> None:
    assert deferred_imports({SOURCE + "features/payments/rules.py": bad})
    assert not deferred_imports({SOURCE + "features/payments/rules.py": "import stripe\n"})
