"""The sandbox's books in PostgreSQL: every replica and the next start of the service see them, and
charges age by the database's clock (D5).
"""

from collections.abc import Sequence
from datetime import datetime

from consulta.kernel.actor import Actor
from consulta.kernel.errors import Unavailable
from consulta.platform.db.work import Database
from consulta.providers.payments.port import ProviderUnavailable
from consulta.providers.payments.sandbox_store import State

_BOOKKEEPER = Actor.system("payments.sandbox")

_INSERT = """
INSERT INTO app.sandbox_charges (reference, payment_id, state, version, created_at)
VALUES ($1, $2, $3::jsonb - 'age', $4, app.now()) ON CONFLICT DO NOTHING
"""

_UPDATE = """
UPDATE app.sandbox_charges SET state = $2::jsonb - 'age', version = $3
WHERE reference = $1 AND version = $4
"""

_SELECT = """
SELECT state || jsonb_build_object('age', extract(epoch FROM app.now() - created_at)) AS state
FROM app.sandbox_charges
"""


class PostgresSandboxStore:
    """Keeps charges in the table `sandbox_charges`, each in a transaction of the worker's own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, reference: str) -> State | None:
        try:
            async with self._database.read(_BOOKKEEPER) as work:
                state: State | None = await work.fetchval(
                    _SELECT + "WHERE reference = $1", reference
                )
                return state
        except Unavailable as error:
            raise ProviderUnavailable from error

    async def save(self, reference: str, state: State, *, expected_version: int) -> bool:
        version = int(state["version"])
        try:
            async with self._database.work(_BOOKKEEPER) as work:
                if expected_version == 0:
                    made = await work.execute(
                        _INSERT, reference, state["payment_id"], state, version
                    )
                    return made == 1
                changed = await work.execute(_UPDATE, reference, state, version, expected_version)
                return changed == 1
        except Unavailable as error:
            raise ProviderUnavailable from error

    async def find(self, payment_id: str) -> Sequence[State]:
        return await self._states(
            _SELECT + "WHERE payment_id = $1 ORDER BY created_at DESC LIMIT 20",
            payment_id,
        )

    async def recent(self, since: datetime, *, limit: int) -> Sequence[State]:
        return await self._states(
            _SELECT + "WHERE created_at >= $1 ORDER BY created_at DESC LIMIT $2",
            since,
            limit,
        )

    async def _states(self, statement: str, *values: object) -> list[State]:
        try:
            async with self._database.read(_BOOKKEEPER) as work:
                return [row["state"] for row in await work.fetch(statement, *values)]
        except Unavailable as error:
            raise ProviderUnavailable from error
