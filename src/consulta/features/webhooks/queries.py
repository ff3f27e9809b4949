"""Every select of webhooks, named for what it returns."""

from uuid import UUID

import asyncpg

from consulta.platform.db.paging import Page, PageAsked
from consulta.platform.db.work import Work

_LETTER = """
SELECT id, provider, account, event_id, kind, charge_reference, payment_id, livemode, state,
       attempts, next_attempt_at, last_error, received_at, settled_at
FROM app.webhook_events
"""
_LETTERS = f"""
{_LETTER}
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR provider = $2)
  AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""


async def letters(
    work: Work, *, state: str | None, provider: str | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """Letters of payment providers, the newest first, without their bodies."""
    after = (page.after("webhook_events") or [None])[0]
    rows = await work.fetch(_LETTERS, state, provider, after, page.limit + 1)
    return page.page("webhook_events", rows, lambda row: (row["id"],))


async def letter(work: Work, letter_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(_LETTER + "WHERE id = $1", letter_id)
