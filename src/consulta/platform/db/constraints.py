"""From what PostgreSQL says to what we say: constraint names and refusals become domain errors."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import orjson
from sqlalchemy import exc

from consulta.kernel.errors import Bug, DomainError, Invalid, Unavailable

REFUSED = "CS001"
"""SQLSTATE of `app.refuse(code)`."""


class DatabaseBusy(Unavailable):
    """The database is busy at this moment: try again shortly."""

    code = "DATABASE_BUSY"


class DatabaseAway(Unavailable):
    """The database cannot be reached at this moment: try again shortly."""

    code = "DATABASE_UNAVAILABLE"


class UnknownTimeZone(Invalid):
    """The database does not know a time zone of that name."""

    code = "UNKNOWN_TIME_ZONE"


_BUSY = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,
    ConnectionError,
    OSError,
    asyncio.TimeoutError,
    exc.TimeoutError,
    exc.DisconnectionError,
)


def as_domain_error(error: BaseException) -> DomainError | None:
    """What this means in our words; None where it means nothing to us and is a bug."""
    if isinstance(error, DomainError):
        return None
    cause = _driver_error(error)
    if isinstance(cause, asyncpg.PostgresError):
        return _known(cause)
    if isinstance(cause, _AWAY):
        return DatabaseAway()
    if isinstance(cause, asyncpg.InterfaceError) and "closed" in str(cause):
        return DatabaseAway()
    return None


def _driver_error(error: BaseException) -> BaseException:
    if isinstance(error, exc.DBAPIError):
        return error.driver_exception or error.orig or error
    if isinstance(error, exc.EmulatedDBAPIException):  # As the pool raises it while connecting.
        return error.orig or error
    return error


def _known(error: asyncpg.PostgresError) -> DomainError | None:
    if isinstance(error, _BUSY):
        return DatabaseBusy()
    if isinstance(error, _AWAY):
        return DatabaseAway()
    if error.sqlstate == "22023" and (error.message or "").startswith("time zone "):
        return UnknownTimeZone()
    name = error.message if error.sqlstate == REFUSED else getattr(error, "constraint_name", None)
    for kind in _family(DomainError):
        if name and name == (kind.code if error.sqlstate == REFUSED else kind.constraint):
            return kind(**_facts(error))
    if error.sqlstate == REFUSED:
        return Bug(f"the database refused with an unknown code: {name}")
    return None


def _facts(error: asyncpg.PostgresError) -> dict[str, Any]:
    """What a refusal says beside its code; no other error's detail is for callers."""
    told = error.detail if error.sqlstate == REFUSED else None
    return dict(orjson.loads(told)) if told else {}


def _family(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    """Every subclass, rooms' own before the kinds they belong to."""
    for child in kind.__subclasses__():
        yield from _family(child)
        yield child
