"""Every select of live events, named for what it returns: rows of the outbox in their order (D14).

Below the oldest transaction that still runs nothing can appear any more: whoever reads by id alone
loses the rows of slow transactions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from consulta.features.live.rules import BEGINNING, LONGEST_ABSENCE, Place
from consulta.platform.db.work import Work

_SETTLED = "o.xid < pg_snapshot_xmin(pg_current_snapshot())"

_NEWEST = f"""
SELECT o.xid::text AS xid, o.id FROM app.outbox o
WHERE {_SETTLED} ORDER BY o.xid DESC, o.id DESC LIMIT 1
"""

_AFTER = f"""
SELECT o.xid::text AS xid, o.id, o.topic, o.payload, o.created_at FROM app.outbox o
WHERE (o.xid, o.id) > ($1::text::xid8, $2::uuid) AND {_SETTLED}
ORDER BY o.xid, o.id LIMIT $3
"""

_KNOWN = f"""
SELECT o.created_at >= app.now() - $3::interval FROM app.outbox o
WHERE o.id = $2 AND o.xid = $1::text::xid8 AND {_SETTLED}
"""

_MISSED = """
SELECT count(*) FROM (
    SELECT 1 FROM app.outbox o
    WHERE (o.xid, o.id) > ($1::text::xid8, $2::uuid) AND (o.xid, o.id) <= ($3::text::xid8, $4::uuid)
    LIMIT $5) missed
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A message of the outbox."""

    place: Place
    topic: str
    payload: dict[str, Any]
    occurred_at: datetime


async def newest_place(work: Work) -> Place:
    """The last place behind which nothing can appear any more; the beginning of an empty house."""
    row = await work.fetchrow(_NEWEST)
    return BEGINNING if row is None else _place(row)


async def messages_after(work: Work, place: Place, *, limit: int) -> Sequence[Told]:
    """What follows that place, in the order of the house."""
    rows = await work.fetch(_AFTER, str(place.xid), place.id, limit)
    return [Told(_place(row), row["topic"], row["payload"], row["created_at"]) for row in rows]


async def is_recent(work: Work, place: Place) -> bool:
    """Whether a message stands at that place, and what follows it is not too old to be told."""
    return bool(await work.fetchval(_KNOWN, str(place.xid), place.id, LONGEST_ABSENCE))


async def messages_between(work: Work, place: Place, until: Place, *, most: int) -> int:
    """How many messages of the house lie behind the one and up to the other; counted up to
    `most`.
    """
    missed: int = await work.fetchval(
        _MISSED, str(place.xid), place.id, str(until.xid), until.id, most
    )
    return missed


def _place(row: asyncpg.Record) -> Place:
    return Place(int(row["xid"]), row["id"])
