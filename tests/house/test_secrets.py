"""No secret stands in the tree, real or looking real: examples say that they are examples."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.house.source import Tree, obey, whole_tree

_SHAPES = (
    r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{16,}",
    r"\bwhsec_[A-Za-z0-9+/=]{20,}",
    r"\brzp_(?:live|test)_[A-Za-z0-9]{12,}",
    r"\bAKIA[0-9A-Z]{16}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{30,}",
    r"\bxox[abpr]-[A-Za-z0-9-]{10,}",
    r"\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40,}",
    r"\bhttps://[0-9a-f]{32}@[\w.-]*sentry\.io\b",
)
_ONE_OF_THESE = re.compile("|".join(_SHAPES))
_KEY_FILES = {".pem", ".key", ".p12", ".pfx", ".env"}
# Different characters of a key: "whsec_xxxxxxxxxxxxxxxxxxxx" has the shape and no disorder.
_LEAST_DIFFERENT = 11


def secrets_in(tree: Tree) -> Iterator[str]:
    """Everything with the shape of a key and enough disorder to be one; never the key itself."""
    for name, text in tree.items():
        if PurePosixPath(name).suffix in _KEY_FILES or PurePosixPath(name).name == ".env":
            yield f"{name}: a file of keys"
        for number, line in enumerate(text.splitlines(), start=1):
            yield from (
                f"{name}:{number}: {found.group(0)[:12]}…"
                for found in _ONE_OF_THESE.finditer(line)
                if len(set(found.group(0).rpartition("_")[2])) >= _LEAST_DIFFERENT
            )


def test_no_secret_stands_in_the_tree() -> None:
    obey(
        list(secrets_in(whole_tree())),
        law="No secret stands in the tree, and nothing that a scanner takes for one.",
        mend="take it out and revoke it; examples read like `sk_test_example`.",
    )


def _made_of(*parts: str) -> str:
    # Joined at run time, so that this file itself holds nothing of that shape.
    return "".join(parts)


DISORDER = "a9Zk3Qw8Lm5Xc2Vb7Nt4"


@pytest.mark.parametrize(
    "bad",
    [
        _made_of("sk_", "live_", DISORDER),
        _made_of("sk_", "test_", DISORDER),
        _made_of("wh", "sec_", DISORDER),
        _made_of("AKIA", "Q3W8L5X2V7N4R6T9"),
        _made_of("gh", "p_", DISORDER, DISORDER),
        _made_of("eyJhbGciOiJIUzI1", ".eyJzdWIiOiIxMjM0", ".", DISORDER),
    ],
)
def test_a_secret_is_found_and_not_repeated(bad: str) -> None:
    (found,) = secrets_in({"src/a.py": f"KEY = '{bad}'"})
    assert bad not in found


@pytest.mark.parametrize(
    "good", ["sk_test_example", "whsec_test", "sk_test_0123456789", "sk_live_"]
)
def test_an_example_is_no_secret(good: str) -> None:
    assert not list(secrets_in({"src/a.py": f"KEY = '{good}'"}))


@pytest.mark.parametrize("bad", [".env", "tests/server.pem", "deploy.key"])
def test_a_file_of_keys_is_found(bad: str) -> None:
    assert list(secrets_in({bad: ""}))
