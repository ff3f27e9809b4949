"""Run: what the body of a job holds. Items are taken up one by one, each in a transaction of its
own, so that one broken row does not stop the rest.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from consulta.kernel.actor import Actor
from consulta.kernel.errors import Conflict, Gone, NotFound, Unavailable
from consulta.platform import job_rows
from consulta.platform.db.constraints import DatabaseAway
from consulta.platform.db.work import Database, Work
from consulta.platform.failures import alert, code_of, report
from consulta.platform.job_rows import Counts, Lease

MOST_PASSES = 50
MOST_REMEMBERED = 500
PARKED_AFTER_TRIES = 8
_FIRST_REST_SECONDS = 60
_LONGEST_REST_SECONDS = 7 * 86_400
_log = structlog.get_logger("consulta.jobs")


class LeaseLost(Unavailable):
    """This run has been taken over by another process."""

    code = "LEASE_LOST"


class Skip(Exception):
    """Raised inside an item that needs nothing (any more): it is rolled back and not counted as
    done.
    """


class Run:
    """One run of a job, or one pass of a loop.

    `now` is the database's time at its beginning, `actor` the part of the service that acts.
    """

    def __init__(
        self,
        *,
        database: Database,
        name: str,
        now: datetime,
        lease: Lease | None,
        heeds_failures: bool = True,
    ) -> None:
        self.database = database
        self.name = name
        self.now = now
        self.actor = Actor.system(name)
        self.lease = lease
        self.counts = lease.counts if lease is not None else Counts()
        self.wants_another_pass = False
        self._taken_up: set[UUID] = set()
        self._facts: dict[str, Any] = {}
        self._failing = _Failing(lease.failing if lease is not None else {}, self.now)
        self._resting = self._failing.resting() if heeds_failures else frozenset()

    @property
    def due_at(self) -> datetime:
        """The due time that this run answers; of a loop, its beginning."""
        return self.lease.due_at if self.lease is not None else self.now

    @property
    def set_aside(self) -> list[UUID]:
        """What a query for more should leave out: items that this run has taken up already, and
        those that failed before and rest: a minute, four, sixteen …, at last a week.
        """
        return [*self._taken_up, *(self._resting - self._taken_up)]

    def fresh(self, item_ids: Iterable[UUID]) -> list[UUID]:
        """Those that are not set aside, for queries that cannot leave them out themselves."""
        aside = set(self.set_aside)
        return [item_id for item_id in item_ids if item_id not in aside]

    @asynccontextmanager
    async def item(self, item_id: UUID) -> AsyncIterator[Work]:
        """One item in one transaction. Its failure is counted, logged and reported, and goes no
        further; a conflict or an absence means that others were faster, and counts as skipped.

        Raises `LeaseLost`, with nothing written, where another process has taken over the run.
        """
        async with self.step(item_id), self.database.work(self.actor) as work:
            yield work
            if self.lease is not None and not await job_rows.is_held(work, self.lease):
                raise LeaseLost

    @asynccontextmanager
    async def step(self, item_id: UUID) -> AsyncIterator[None]:
        """The same without a transaction, for items that wait for somebody outside."""
        self._taken_up.add(item_id)
        try:
            yield
        except Skip:
            self.counts.skipped += 1
        except (LeaseLost, DatabaseAway):
            raise
        except (Conflict, NotFound, Gone) as error:
            self.counts.skipped += 1
            _log.info("item skipped", job=self.name, item=str(item_id), code=code_of(error))
        except Exception as error:  # noqa: BLE001 - the boundary of an item
            self._failed(item_id, error)
        else:
            self.counts.done += 1
            self._failing.cured(item_id)

    def count(self, *, done: int = 0, skipped: int = 0, failed: int = 0) -> None:
        """For what is done set-wise rather than item by item."""
        self.counts.done += done
        self.counts.skipped += skipped
        self.counts.failed += failed

    def tell(self, **facts: Any) -> None:
        """Facts that will stand in the run's `result`; plain JSON values."""
        self._facts.update(facts)

    def again(self) -> None:
        """The batch was full: the body is called once more, at most fifty times in a run, and not
        after a pass in which everything failed.
        """
        self.wants_another_pass = True

    @property
    def result(self) -> Mapping[str, Any] | None:
        """What is kept of this run beside its counts."""
        failing = self._failing.to_keep()
        return {**self._facts, **({"failing": failing} if failing else {})} or None

    def _failed(self, item_id: UUID, error: Exception) -> None:
        self.counts.failed += 1
        tries = self._failing.again(item_id, code_of(error))
        report(error, during=self.name, item=str(item_id), tries=tries)
        if tries == PARKED_AFTER_TRIES:
            alert("an item is parked", during=self.name, item=str(item_id), tries=tries)


class _Failing:
    """Which items failed, how often, and until when they rest; carried from run to run."""

    def __init__(self, kept: Mapping[str, Any], now: datetime) -> None:
        self._now = now
        self._entries: dict[str, dict[str, Any]] = {
            item: dict(entry) for item, entry in kept.items()
        }
        self._inherited = {item for item in self._entries if not _rests(self._entries[item], now)}

    def resting(self) -> frozenset[UUID]:
        return frozenset(
            UUID(item) for item, entry in self._entries.items() if _rests(entry, self._now)
        )

    def cured(self, item_id: UUID) -> None:
        self._entries.pop(str(item_id), None)

    def again(self, item_id: UUID, code: str) -> int:
        """How often the item has failed by now."""
        item = str(item_id)
        tries = int(self._entries.pop(item, {}).get("tries", 0)) + 1
        seconds = min(_FIRST_REST_SECONDS * 4 ** (tries - 1), _LONGEST_REST_SECONDS)
        until = self._now + timedelta(seconds=seconds)
        self._entries[item] = {"tries": tries, "code": code, "until": until.isoformat()}
        self._inherited.discard(item)
        return tries

    def to_keep(self) -> Mapping[str, Any]:
        """Without those that had rested and did not come up again: they are no longer due."""
        kept = [item for item in self._entries if item not in self._inherited]
        return {item: self._entries[item] for item in kept[-MOST_REMEMBERED:]}


def _rests(entry: Mapping[str, Any], now: datetime) -> bool:
    return datetime.fromisoformat(entry["until"]) > now
