"""Every select of compliance, named for what it returns."""

from collections.abc import Sequence

import asyncpg

from consulta.features.compliance.rules import MOST_HISTORY, Purpose
from consulta.platform.db.work import Work

_PRESENT = """
SELECT c.purpose, c.version, c.granted, c.created_at
FROM unnest($2::text[]) WITH ORDINALITY AS p (purpose, place)
CROSS JOIN LATERAL (
    SELECT c.* FROM app.consents c WHERE c.user_id = $1 AND c.purpose = p.purpose
    ORDER BY c.created_at DESC, c.id DESC LIMIT 1) c
ORDER BY p.place
"""

_HISTORY = """
SELECT c.purpose, c.version, c.granted, c.created_at FROM app.consents c
WHERE c.user_id = $1 ORDER BY c.created_at DESC, c.id DESC LIMIT $2
"""


async def present_consents(work: Work) -> Sequence[asyncpg.Record]:
    """What the person said last, for each purpose about which anything was said."""
    return await work.fetch(_PRESENT, work.person, [one.value for one in Purpose])


async def present_consent(work: Work, purpose: Purpose) -> asyncpg.Record | None:
    return next(iter(await work.fetch(_PRESENT, work.person, [purpose.value])), None)


async def history_of_consents(work: Work) -> Sequence[asyncpg.Record]:
    """What the person said, the newest first; at most 100 of them."""
    return await work.fetch(_HISTORY, work.person, MOST_HISTORY)


async def number_of_consents(work: Work) -> int:
    count: int = await work.fetchval(
        "SELECT count(*) FROM app.consents c WHERE c.user_id = $1", work.person
    )
    return count
