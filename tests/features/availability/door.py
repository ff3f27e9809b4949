"""The calendar's door as the service opens it: working role and person stamped on a transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from tests.features.availability.ledger import SPECIALIST

REFUSED = "CS001"


class Refused(AssertionError):
    """The database refused with a code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@asynccontextmanager
async def refusals() -> AsyncIterator[None]:
    """Refusals come out by their code, everything else as it is."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == REFUSED:
            raise Refused(str(error)) from error
        raise


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in, or nobody, on a connection of the web pool."""

    connection: asyncpg.Connection
    id: UUID | None = None

    async def calls(self, statement: str, *arguments: Any) -> Any:
        """One call in a transaction of its own, committed."""
        async with refusals(), self.connection.transaction():
            await self.connection.execute(
                "SELECT set_config('role', $1, true), set_config('app.user_id', $2, true)",
                "consulta_user" if self.id else "consulta_anonymous",
                str(self.id or ""),
            )
            return await self.connection.fetchval(statement, *arguments)

    async def holds(
        self,
        rate: UUID,
        starts_at: datetime,
        *,
        token: bytes | None = None,
        most: int = 3,
        specialist: UUID = SPECIALIST,
    ) -> UUID:
        """The id of a hold for ten minutes."""
        held: UUID = await self.calls(
            "SELECT (app.hold($1, $2, $3, $4, 10, $5) ->> 'id')::uuid",
            specialist,
            rate,
            starts_at,
            token,
            most,
        )
        return held

    async def releases(self, slot: UUID, *, token: bytes | None = None) -> bool:
        released: bool = await self.calls("SELECT app.release_hold($1, $2)", slot, token)
        return released


async def claim(
    connection: asyncpg.Connection,
    rate: UUID,
    starts_at: datetime,
    *,
    own_slot: UUID | None = None,
    specialist: UUID = SPECIALIST,
) -> asyncpg.Record:
    """A booked claim, as the worker makes it, in the present transaction or one of its own."""
    async with refusals(), connection.transaction():
        return await connection.fetchrow(
            "SELECT * FROM app.claim($1, $2, $3, 'booked', NULL, NULL, NULL, $4)",
            specialist,
            rate,
            starts_at,
            own_slot,
        )


async def live_spans(connection: asyncpg.Connection) -> list[tuple[datetime, datetime]]:
    return [
        tuple(row)
        for row in await connection.fetch(
            "SELECT starts_at, ends_at FROM app.slots WHERE status IN ('held', 'booked')"
            " ORDER BY starts_at, ends_at"
        )
    ]
