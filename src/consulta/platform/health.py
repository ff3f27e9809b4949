"""Health: whether this process should be sent requests. It depends on the database, on what was
checked at the start, on the clock, and on nobody else: a provider that is down takes nobody out.
"""

import asyncio
from collections.abc import Callable
from functools import cache

import structlog
from alembic.script import ScriptDirectory

from consulta.kernel.actor import Actor
from consulta.kernel.errors import DomainError
from consulta.platform.db.migrations import alembic_config
from consulta.platform.db.work import Database
from consulta.platform.lifecycle import Lifecycle

DATABASE_SECONDS = 1.0
OLDEST_TICK_SECONDS = 60.0
_log = structlog.get_logger("consulta.health")


class Health:
    """Answers `/readyz`. `boot_problems` says what was found wrong at the start."""

    def __init__(
        self,
        database: Database,
        lifecycle: Lifecycle,
        *,
        boot_problems: Callable[[], list[str]] = list,
    ) -> None:
        self._database = database
        self._lifecycle = lifecycle
        self._boot_problems = boot_problems
        self._asking: asyncio.Task[str | None] | None = None

    async def reasons(self) -> list[str]:
        """Why no request should come here, a sentence each; none for a replica that is ready.

        Answers within about a second, whatever state the database is in.
        """
        if self._lifecycle.is_draining:
            return ["stopping"]
        found = list(self._boot_problems())
        age = self._lifecycle.scheduler.age_seconds
        if age is not None and age > OLDEST_TICK_SECONDS:
            found.append("the scheduler has not ticked for a minute")
        database = await self._database_problem()
        return [*found, database] if database else found

    async def _database_problem(self) -> str | None:
        # A question that hangs is left behind, since even giving it up takes a round trip.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._asking}, timeout=DATABASE_SECONDS)
        return self._asking.result() if done else "the database does not answer"

    async def _ask(self) -> str | None:
        try:
            async with self._database.read(Actor.anonymous()) as work:
                await work.fetchval("SELECT 1")
            async with self._database.read(Actor.system("health")) as work:
                revision = await work.fetchval("SELECT revision FROM app.schema_state")
        except DomainError:
            return "the database does not answer"
        except Exception as error:  # noqa: BLE001 - a health check has an answer for everything
            _log.warning("health check failed", code=type(error).__name__)
            return "the database cannot be used"
        return _schema_problem(revision)


def _schema_problem(revision: str | None) -> str | None:
    """Behind the code is a reason; ahead of it is a rolling deploy."""
    head, known = _revisions()
    if revision == head:
        return None
    if revision is None or revision in known:
        return "the database is behind the code: run `consulta migrate`"
    return None


@cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    scripts = ScriptDirectory.from_config(alembic_config())
    return (
        scripts.get_current_head(),
        frozenset(script.revision for script in scripts.walk_revisions()),
    )
