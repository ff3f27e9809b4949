"""What a log says of an exception: which kinds, where in the code, and their words only where those
quote nobody: neither a body, nor a row, nor a parameter, nor a local variable.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType

import asyncpg
from fastapi.exceptions import ValidationException
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from consulta.kernel.errors import DomainError
from consulta.platform.redaction import clean_text

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_DEEPEST = 8
_MOST_IN_GROUP = 10
_LONGEST = 500
_FRAMES = 60

_QUOTING = (ValueError, KeyError, SQLAlchemyError, ValidationException, asyncpg.InterfaceError)
"""Kinds whose words repeat what they stumbled over. Validations of Pydantic are ValueErrors;
FastAPI's hold whole bodies, and whole answers."""

_ABOUT_THE_HOUSE = ("08", "25", "28", "40", "42", "53", "55", "57", "58")
"""Classes of SQLSTATE whose message names connections, locks, rights and columns, and no values."""


def told(exc_info: ExcInfo) -> str:
    """The traceback with its causes, the first of them at the top, as Python writes it."""
    return "\n".join(_chain(exc_info[1], depth=0))


def words_of(error: BaseException) -> str:
    """What may be repeated of an exception's words; nothing where nobody can know."""
    if isinstance(error, DomainError):
        return error.code
    if isinstance(error, asyncpg.PostgresError):
        return _of_database(error)
    if isinstance(error, ValidationError):
        kinds = (one["type"] for one in error.errors(include_input=False, include_context=False))
        return ", ".join(sorted(set(kinds)))[:_LONGEST]
    if isinstance(error, _QUOTING):
        return ""
    return clean_text(str(error)[:_LONGEST])


def _of_database(error: asyncpg.PostgresError) -> str:
    if error.sqlstate is not None and error.sqlstate[:2] in _ABOUT_THE_HOUSE:
        return f"{error.sqlstate} {clean_text((error.message or '')[:_LONGEST])}"
    names = (error.sqlstate, error.table_name, error.column_name, error.constraint_name)
    return " ".join(str(name) for name in names if name)


def _chain(error: BaseException, *, depth: int) -> Iterator[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None and depth < _DEEPEST:
        yield from _chain(earlier, depth=depth + 1)
        yield "\nwhich led to:\n"
    yield from _one(error)
    if isinstance(error, BaseExceptionGroup) and depth < _DEEPEST:
        for number, part in enumerate(error.exceptions[:_MOST_IN_GROUP], start=1):
            yield f"\n{number} of {len(error.exceptions)}:\n"
            yield from _chain(part, depth=depth + 1)


def _one(error: BaseException) -> Iterator[str]:
    frames = traceback.extract_tb(error.__traceback__, limit=-_FRAMES)
    yield "Traceback (most recent call last):"
    yield "".join(frames.format()).rstrip()
    kind, words = type(error).__qualname__, words_of(error)
    yield f"{kind}: {words}" if words else kind
    yield from (clean_text(note[:_LONGEST]) for note in getattr(error, "__notes__", ()))
