"""Work: one transaction on behalf of one actor. `Database.work` and `Database.read` are the only
ways in; nobody else begins, commits or rolls back.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from consulta.kernel.actor import Actor, Role
from consulta.platform.db.constraints import as_domain_error
from consulta.platform.db.roles import DbRole
from consulta.platform.db.trail import Trail
from consulta.platform.events import Fact, Reactions
from consulta.platform.request import current_request_id

_WORKING_ROLE = {
    Role.ANONYMOUS: DbRole.ANONYMOUS,
    Role.CLIENT: DbRole.USER,
    Role.SPECIALIST: DbRole.USER,
    Role.ADMIN: DbRole.ADMIN,
    Role.SYSTEM: DbRole.WORKER,
}
_SAFE_REQUEST_ID = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Engines:
    """One pool per login: what a login may become is its power, hence three pools."""

    api: AsyncEngine
    admin: AsyncEngine
    worker: AsyncEngine

    def for_role(self, role: Role) -> AsyncEngine:
        if role is Role.ADMIN:
            return self.admin
        return self.worker if role is Role.SYSTEM else self.api

    async def dispose(self) -> None:
        for engine in (self.api, self.admin, self.worker):
            await engine.dispose()


class Work:
    """What a use case holds: the transaction, who acts, and what is to be said about it.

    `fetch…`/`execute` speak to the driver directly (positional `$1`, for the hot and the plain);
    `db` is a SQLAlchemy session in the very same transaction, for queries that are built.
    """

    def __init__(
        self,
        *,
        actor: Actor,
        loan: "_Loan",
        reactions: Reactions,
        read_only: bool,
    ) -> None:
        self.actor = actor
        self.request_id = current_request_id()
        self.read_only = read_only
        self.trail = Trail()
        self._driver = loan.driver
        self._loan = loan
        self._reactions = reactions
        self._session: AsyncSession | None = None
        self._now: datetime | None = None

    @property
    def db(self) -> AsyncSession:
        """A session that flushes but never commits; every relationship is loaded explicitly."""
        if self._session is None:
            self._session = AsyncSession(
                bind=self._loan.for_session(), expire_on_commit=False, autoflush=False
            )
        return self._session

    async def now(self) -> datetime:
        """The database's time, the same throughout the transaction (D5)."""
        if self._now is None:
            self._now = await self._driver.fetchval("SELECT app.now()")
        return self._now

    @property
    def person(self) -> UUID:
        """The id of the person who acts; a programming error where nobody does."""
        if self.actor.id is None:
            raise AssertionError("a guard should have asked for a person")
        return self.actor.id

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self._driver.fetch(statement, *values)
        return rows

    async def fetchrow(self, statement: str, *values: Any) -> asyncpg.Record | None:
        return await self._driver.fetchrow(statement, *values)

    async def fetchval(self, statement: str, *values: Any) -> Any:
        return await self._driver.fetchval(statement, *values)

    async def execute(self, statement: str, *values: Any) -> int:
        """How many rows the statement changed."""
        status: str = await self._driver.execute(statement, *values)
        last = status.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def announce(self, fact: Fact) -> None:
        """Whoever listens reacts now, inside this transaction; a failure fails the whole act."""
        await self._reactions.tell(self, fact)

    def audit(
        self,
        action: str,
        *,
        subject_type: str,
        subject_id: UUID | None,
        old: Mapping[str, Any] | None = None,
        new: Mapping[str, Any] | None = None,
        status: str = "success",
    ) -> None:
        """An entry of the audit log, written with the rest of the trail just before COMMIT."""
        self.trail.audit(action, subject_type, subject_id, old, new, status)

    def send(self, topic: str, payload: Mapping[str, Any]) -> None:
        """A message that is delivered after the commit, at least once, or never if none comes."""
        self.trail.send(topic, payload)

    async def explain_move(self, reason: str) -> None:
        """The history rows of the status changes that follow carry this reason."""
        await self._driver.execute("SELECT set_config('app.move_reason', $1, true)", reason)

    async def _finish(self) -> None:
        if self._session is not None:
            await self._session.flush()
        await self.trail.write(self._driver, self.actor, self.request_id)

    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()


class Database:
    """The doors to the database: a transaction cannot begin without an actor."""

    def __init__(self, engines: Engines, reactions: Reactions | None = None) -> None:
        self.engines = engines
        self.reactions = reactions or Reactions()
        self.on_messages: Callable[[], None] = _nobody
        """Called after each commit that left messages in the outbox; it must not wait."""

    def work(self, actor: Actor) -> AbstractAsyncContextManager[Work]:
        """One transaction on behalf of one actor: all of it, or none.

        Known constraints and refusals of database functions arrive as domain errors; a lock or
        statement time-out as `Unavailable`.
        """
        return self._open(actor, read_only=False)

    def read(self, actor: Actor) -> AbstractAsyncContextManager[Work]:
        """The same, and PostgreSQL itself refuses to write."""
        return self._open(actor, read_only=True)

    @asynccontextmanager
    async def _open(self, actor: Actor, *, read_only: bool) -> AsyncIterator[Work]:
        try:
            async with _borrowed(self.engines.for_role(actor.role)) as loan:
                await loan.driver.execute(_begin(actor, read_only=read_only))
                work = Work(actor=actor, loan=loan, reactions=self.reactions, read_only=read_only)
                try:
                    yield work
                    await work._finish()  # noqa: SLF001 - the two halves of one thing
                    await loan.driver.execute("COMMIT")
                except BaseException:
                    await _roll_back(loan)
                    raise
                finally:
                    await work._close()  # noqa: SLF001
            if work.trail.messages:
                self.on_messages()
        except Exception as error:
            translated = as_domain_error(error)
            if translated is None:
                raise
            raise translated from error


def _nobody() -> None:
    """The clock alone wakes the outbox."""


def _begin(actor: Actor, *, read_only: bool) -> str:
    """BEGIN and the stamp in one round trip.

    Nothing here is a caller's text: the role is one of five, the id is a UUID, and the request id
    has been reduced to harmless characters.
    """
    role = _WORKING_ROLE[actor.role]
    user = str(UUID(str(actor.id))) if actor.id is not None else ""
    request = _SAFE_REQUEST_ID.sub("", current_request_id() or "")[:64]
    begin = "BEGIN READ ONLY" if read_only else "BEGIN"
    return (
        f"{begin}; SELECT set_config('role', '{role}', true),"
        f" set_config('app.user_id', '{user}', true),"
        f" set_config('app.request_id', '{request}', true)"
    )


@dataclass(slots=True)
class _Loan:
    """A connection of a pool, on loan for one transaction.

    It is taken from the pool itself: SQLAlchemy's own connection object, which most transactions
    never need, costs as much as a statement, and is built around it only for a session.
    """

    engine: AsyncEngine
    fairy: PoolProxiedConnection
    driver: asyncpg.Connection

    def for_session(self) -> AsyncConnection:
        inner = Connection(self.engine.sync_engine, connection=self.fairy)
        return AsyncConnection(self.engine, inner)


@asynccontextmanager
async def _borrowed(engine: AsyncEngine) -> AsyncIterator[_Loan]:
    fairy = await greenlet_spawn(engine.sync_engine.raw_connection)
    driver = fairy.driver_connection
    assert driver is not None
    try:
        yield _Loan(engine, fairy, driver)
    finally:
        await greenlet_spawn(fairy.close)


async def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """The driver's own connection behind SQLAlchemy's."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    return driver


async def _roll_back(loan: _Loan) -> None:
    """Nothing of a failed transaction may reach the next user of the connection: what cannot be
    rolled back is thrown away.
    """
    try:
        await asyncio.wait_for(asyncio.shield(loan.driver.execute("ROLLBACK")), timeout=5)
    except Exception:  # noqa: BLE001 - the reason why we are here must not be hidden by this
        await greenlet_spawn(loan.fairy.invalidate)
