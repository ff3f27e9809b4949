"""How house tests read the tree: files as text, Python as syntax, strays as `file:line: what`.

A law is a function from a `Tree` to its strays, so that each one can be shown a bad example, too.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "src/consulta/"
ROOMS = SOURCE + "features/"

Tree = Mapping[str, str]
"""Path from the root, with slashes, to the text of the file."""

_PLACES = ("src", "tests", "alembic", "openapi", ".ci")
_TOP_LEVEL = ("*.md", "*.toml", "*.ini", "*.txt", "*.yml", "Dockerfile", ".gitignore", ".env.*")
_NOT_OURS = ("__pycache__", ".egg-info")


@cache
def whole_tree() -> Tree:
    """Every text file of the project; caches and environments are not part of it."""
    found = [path for pattern in _TOP_LEVEL for path in ROOT.glob(pattern)]
    found += [path for place in _PLACES for path in (ROOT / place).rglob("*")]
    names = {path.relative_to(ROOT).as_posix(): path for path in found if path.is_file()}
    return {
        name: _text(path)
        for name, path in sorted(names.items())
        if not any(part in name for part in _NOT_OURS)
    }


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def below(tree: Tree, *places: str, suffix: str = ".py") -> Tree:
    """The part of a tree that lies in these places."""
    return {
        name: text
        for name, text in tree.items()
        if name.endswith(suffix) and (not places or name.startswith(places))
    }


@lru_cache(maxsize=2000)
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def modules(tree: Tree, *places: str) -> Iterator[tuple[str, ast.Module]]:
    """Every Python module in these places."""
    for name, text in below(tree, *places).items():
        yield name, parsed(text)


def nodes(tree: Tree, *places: str) -> Iterator[tuple[str, ast.AST]]:
    """Every piece of syntax in these places, with the file that it stands in."""
    for name, module in modules(tree, *places):
        for node in ast.walk(module):
            yield name, node


def texts(tree: Tree, *places: str) -> Iterator[tuple[str, int, str]]:
    """Every string constant that is not a docstring; of an f-string, its constant parts joined."""
    for name, module in modules(tree, *places):
        spoken = set(_prose(module))
        for node in ast.walk(module):
            if isinstance(node, ast.JoinedStr):
                parts = [one for one in node.values if isinstance(one, ast.Constant)]
                spoken.update(id(one) for one in parts)
                yield name, node.lineno, "…".join(str(one.value) for one in parts)
            elif _is_text(node) and id(node) not in spoken:
                yield name, node.lineno, str(node.value)


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _prose(module: ast.Module) -> Iterator[int]:
    # A string that stands alone as a statement is a docstring, of whatever it stands below.
    for node in ast.walk(module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or an attribute; what is no such thing gives what is known of its end."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def imports(module: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that is imported: `from a import b` is `a.b`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{'.' * node.level}{node.module or ''}.{alias.name}"


def lines_with(tree: Tree, pattern: str, *, but: Sequence[str] = ()) -> list[str]:
    """Every line, in any file but these, where the pattern occurs."""
    wanted = re.compile(pattern)
    return [
        f"{name}:{number}: {found.group(0).strip()}"
        for name, text in tree.items()
        if name not in but
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := wanted.search(line))
    ]


def obey(strays: Sequence[str], *, law: str, mend: str) -> None:
    """Nothing happens if nobody strays; otherwise the test screams who does, and what to do."""
    if strays:
        listed = "\n".join(f"    {stray}" for stray in strays)
        pytest.fail(
            f"{law}\n  broken {len(strays)} times:\n{listed}\n  TO MEND: {mend}", pytrace=False
        )
