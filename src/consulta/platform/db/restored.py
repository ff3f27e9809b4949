"""What a restore leaves behind: messages of the outbox keep the transaction numbers of the server
that they were dumped from. Where that had come further than this one, nobody would see them, and
later messages would stand before them, until this one has caught up (D14).
"""

import asyncpg

from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database
from consulta.platform.failures import alert

_BATCH = 5_000
_MOST_COUNTED = 100_000
_ACTOR = Actor.system("outbox")

# What can be seen has been committed, so its number is below the snapshot's end; unless it is
# another server's number.
_IS_AHEAD = "xid >= pg_snapshot_xmax(pg_current_snapshot())"

_COUNT = f"""
SELECT count(*) FROM (SELECT 1 FROM app.outbox WHERE {_IS_AHEAD} LIMIT $1) ahead
"""

_REBASE = f"""
UPDATE app.outbox SET xid = pg_current_xact_id()
WHERE id IN (SELECT id FROM app.outbox WHERE {_IS_AHEAD} ORDER BY xid, id LIMIT $1)
"""


async def messages_ahead(connection: asyncpg.Connection) -> list[str]:
    """A sentence if messages wait for a transaction number that this server has not reached. Asked
    as the worker.
    """
    count = await connection.fetchval(_COUNT, _MOST_COUNTED)
    if not count:
        return []
    many = f"{count} or more" if count == _MOST_COUNTED else count
    return [
        f"{many} messages of the outbox bear transaction numbers of another server, as after a"
        " restore: they wait, and are put right when the service starts"
    ]


async def rebase_messages(database: Database, *, batch: int = _BATCH) -> int:
    """Messages of another server are due here, in their order, as if sent now; how many. A batch is
    one transaction, and within it their ids keep the order.
    """
    total = 0
    while True:
        async with database.work(_ACTOR) as work:
            count = await work.execute(_REBASE, batch)
        total += count
        if count < batch:
            break
    if total:
        alert("messages of another server are due here", during="start", messages=total)
    return total
