"""Redaction: what must not leave the process in a log or a report, by the name it stands under and
by the way it looks.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

REMOVED = "[removed]"
_MOST_CHARACTERS = 16_384
_MOST_ITEMS = 200
_DEEPEST = 8

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    {
        "authorization",
        "bearer",
        "card",
        "cards",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "cvc",
        "cvv",
        "dsn",
        "iban",
        "key",
        "keys",
        "otp",
        "pan",
        "passwd",
        "password",
        "passwords",
        "pin",
        "pwd",
        "secret",
        "secrets",
        "signature",
        "signatures",
        "ssn",
        "token",
        "tokens",
    }
)
_RUN_TOGETHER = re.compile(
    r"password|passwd|secret|authorization|apikey|privatekey|cardnumber|accountnumber|signature"
)

# One quick look; nearly every text passes it and is left alone.
_SUSPECT = re.compile(
    r"[srp]k_(?:live|test)_|whsec_|_secret_|eyJ|://|@|\d(?:[ -]?\d){12}|bearer|basic"
    r"|DETAIL:|input_value=|parameters: |(?:password|secret|token|key)\s*[=:]",
    re.IGNORECASE,
)

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[a-z]{2,5}_(?:live|test)_[A-Za-z0-9]{4,}"), REMOVED),
    (re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), REMOVED),
    (re.compile(r"\b[a-z]{2,6}_[A-Za-z0-9]+_secret_[A-Za-z0-9]+"), REMOVED),
    (re.compile(r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), REMOVED),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@]{1,300}@", re.IGNORECASE), rf"\1{REMOVED}@"),
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {REMOVED}"),
    (
        re.compile(
            r"\b(\w{0,40}(?:password|secret|token|key))(\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&)\]}]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{REMOVED}",
    ),
    # What PostgreSQL, SQLAlchemy and Pydantic quote of rows, parameters and input.
    (re.compile(r"DETAIL:.*"), f"DETAIL: {REMOVED}"),
    (re.compile(r"\[parameters: .*\]"), f"[parameters: {REMOVED}]"),
    (re.compile(r"input_value=.*?, input_type"), f"input_value={REMOVED}, input_type"),
)
_EMAIL = re.compile(
    r"\b([A-Za-z0-9])[A-Za-z0-9._%+'-]{0,63}@((?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})"
)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")


@lru_cache(maxsize=2_048)
def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is nobody's business: `client_secret`, `stripe-key`,
    `cardNumber`; not `cardinality` or `keyboard`.
    """
    words = {word.lower() for word in _WORDS.findall(name)}
    return not words.isdisjoint(_SECRET_WORDS) or bool(
        _RUN_TOGETHER.search(
            "".join(character for character in name.lower() if character.isalpha())
        )
    )


def clean(value: Any, *, depth: int = 0) -> Any:
    """The same, to any depth, without secrets; e-mail addresses keep a letter and their domain."""
    if value is None or isinstance(value, bool | int | float):
        return _clean_number(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _clean_members(value, depth) if depth < _DEEPEST else REMOVED
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    return clean_text(str(value))


def clean_text(text: str) -> str:
    """The text without what looks like a secret."""
    if len(text) > _MOST_CHARACTERS:
        text = text[:_MOST_CHARACTERS] + " [cut]"
    if _SUSPECT.search(text) is None:
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    text = _EMAIL.sub(r"\1***@\2", text)
    return _CARD.sub(_without_card, text)


def _clean_members(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {
            clean_text(str(name)): _clean_member(str(name), one, depth)
            for name, one in list(value.items())[:_MOST_ITEMS]
        }
    return [clean(one, depth=depth + 1) for one in list(value)[:_MOST_ITEMS]]


def _clean_member(name: str, value: Any, depth: int) -> Any:
    if is_secret_name(name) and value is not None and not isinstance(value, bool):
        return REMOVED
    return clean(value, depth=depth + 1)


def _clean_number(value: Any) -> Any:
    # Only integers of a card number's length are worth a look.
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10**12:
        return value if clean_text(str(value)) == str(value) else REMOVED
    return value


def _without_card(match: re.Match[str]) -> str:
    """Sixteen digits are a card only with the right check digit (ISO/IEC 7812, Luhn)."""
    digits = [int(character) for character in match.group() if character.isdigit()]
    doubled = [(digit * 2 - 9 if digit > 4 else digit * 2) for digit in digits[-2::-2]]
    return REMOVED if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else match.group()
