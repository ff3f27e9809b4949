"""Stripe's form encoding, `a[b][c]=1` and `a[0]=1`, turned into dictionaries and lists."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.stripe.refusals import Json, invalid

MOST_PAIRS = 1_000
MOST_LEVELS = 6
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")

Pairs = list[tuple[str, str]]


def pairs_of(encoded: bytes) -> Pairs:
    """The raw pairs in the order sent. Refuses bytes that are no form."""
    try:
        text = encoded.decode("ascii")
        return parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=MOST_PAIRS,
        )
    except ValueError as error:
        raise invalid(
            "Invalid request (check that your POST content type is "
            "application/x-www-form-urlencoded)."
        ) from error


def decoded(pairs: Iterable[tuple[str, str]]) -> Json:
    """Every value is still text; lists are ordered by their index."""
    tree: Json = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            raise invalid(f"Invalid parameter name: {key[:100]}", param=key[:100])
        parts = [match[1], *_PART.findall(match[2])]
        if len(parts) > MOST_LEVELS:
            raise invalid(f"Invalid parameter name: {key[:100]}", param=key[:100])
        _plant(tree, parts, value, key=key)
    return {name: _with_lists(value) for name, value in tree.items()}


def _plant(tree: Json, parts: list[str], value: str, *, key: str) -> None:
    node = tree
    for part in parts[:-1]:
        branch = node.setdefault(part, {})
        if not isinstance(branch, dict):
            raise invalid(f"Invalid hash: {key}", param=parts[0])
        node = branch
    last = parts[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise invalid(f"Invalid string: {key}", param=parts[0])
    node[last] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdecimal() for name in value):
        return [_with_lists(value[name]) for name in sorted(value, key=int)]
    return {name: _with_lists(branch) for name, branch in value.items()}
