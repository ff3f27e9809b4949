"""What is kept of a provider's letter: plain words and whole numbers, nothing about a person."""

import re
from collections.abc import Mapping
from typing import Any

_WORD = re.compile(r"[\x21-\x7e]{1,255}")
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_INTEGER_MAX = 2**63 - 1


def is_opaque(value: str) -> bool:
    """Whether a value looks like an id and nothing that a person would say."""
    return _OPAQUE.fullmatch(value) is not None


def opaque(value: Any) -> str | None:
    """The value where it is an id, else nothing."""
    return value if isinstance(value, str) and is_opaque(value) else None


def plain(source: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The named fields that are plain words, whole numbers or yes and no; others are left out."""
    return {name: source[name] for name in names if _is_plain(source.get(name))}


def embedded(value: Any) -> Mapping[str, Any]:
    """An embedded object; nothing where the field is absent, only an id, or an empty list."""
    return value if isinstance(value, Mapping) else {}


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return _WORD.fullmatch(value) is not None
    return isinstance(value, int) and abs(value) <= _INTEGER_MAX
