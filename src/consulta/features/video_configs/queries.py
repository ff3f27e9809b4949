"""Every select of video configs, named for what it returns. Ids are time-ordered."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work

_COLUMNS = """c.id, c.specialist_id, c.provider, c.mode, c.account, c.host, c.waiting_room,
       c.recording, c.hints, c.is_active, c.state, c.last_error, c.checked_at, c.created_at,
       c.updated_at"""

_OWN = f"""
SELECT {_COLUMNS} FROM app.video_configs c
WHERE c.specialist_id = $1 ORDER BY c.id DESC LIMIT 100
"""

_SEALED = f"""
SELECT {_COLUMNS}, k.config_id, k.key_id, k.wrapped_key, k.sealed
FROM app.video_configs c
JOIN app.video_config_keys k ON k.config_id = c.id AND k.specialist_id = c.specialist_id
WHERE c.id = ANY ($1)
"""


async def own_configs(work: Work) -> Sequence[asyncpg.Record]:
    """The actor's configs, those of the past included; there are few."""
    return await work.fetch(_OWN, work.person)


async def own_config(work: Work) -> asyncpg.Record | None:
    """The actor's active config."""
    rows = await own_configs(work)
    return next((row for row in rows if row["is_active"]), None)


async def active_config_of(work: Work, specialist_id: UUID) -> UUID | None:
    """The config with which new meetings of that specialist are made."""
    found: UUID | None = await work.fetchval(
        "SELECT id FROM app.video_configs WHERE specialist_id = $1 AND is_active", specialist_id
    )
    return found


async def sealed_configs(work: Work, config_ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Configs with their sealed secrets, for the worker, who alone may read them."""
    rows = await work.fetch(_SEALED, list(config_ids))
    return {row["id"]: row for row in rows}
