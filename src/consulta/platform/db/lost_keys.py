"""Which encryption keys stored rows need, and which of those are not there any more."""

from collections.abc import Collection

import asyncpg

from consulta.platform.db.work import Engines, driver_of
from consulta.platform.failures import alert

_ANSWERS_LOOKED_AT = 1_000
_MOST_KEYS = 100
_SEALED = """
SELECT c.table_name FROM information_schema.columns c
WHERE c.table_schema = 'app' AND c.column_name IN ('key_id', 'wrapped_key')
GROUP BY c.table_name HAVING count(*) = 2
ORDER BY c.table_name
"""
# From one key id to the next along their index: a table is never read whole.
_KEYS_OF = """
WITH RECURSIVE known AS (
    (SELECT t.key_id, 1 AS number FROM app.{table} t ORDER BY t.key_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.key_id FROM app.{table} t WHERE t.key_id > k.key_id
            ORDER BY t.key_id LIMIT 1), k.number + 1
    FROM known k WHERE k.key_id IS NOT NULL AND k.number < $1
)
SELECT key_id FROM known WHERE key_id IS NOT NULL
"""


async def lost_keys(connection: asyncpg.Connection, known: Collection[str]) -> list[str]:
    """A sentence for each key that sealed rows are under and that is not among `known`. Asked as
    the worker; only the ids of keys are read.
    """
    found = []
    for row in await connection.fetch(_SEALED):
        table = row["table_name"]
        needed = await connection.fetch(_KEYS_OF.format(table=table), _MOST_KEYS)
        found += _told(table, {one["key_id"] for one in needed}, known)
    answers = await connection.fetch("SELECT app.oldest_answer_keys($1)", _ANSWERS_LOOKED_AT)
    return found + _told("idempotency_keys", {one[0] for one in answers}, known)


async def warn_of_lost_keys(engines: Engines, known: Collection[str]) -> None:
    """Somebody hears of each before the service begins, and of none once all are there."""
    async with engines.worker.connect() as connection:
        driver = await driver_of(connection)
        async with driver.transaction(readonly=True):
            sentences = await lost_keys(driver, known)
    for sentence in sentences:
        alert(sentence, during="start")


def _told(table: str, needed: Collection[str], known: Collection[str]) -> list[str]:
    return [
        f"rows of {table} are sealed with the key {key!r}, which ENCRYPTION_KEYS does not have"
        for key in sorted(set(needed) - set(known))
    ]
