"""Every select of payment configs, named for what it returns. Ids are time-ordered."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from consulta.platform.db.paging import Page, PageAsked
from consulta.platform.db.work import Work

_COLUMNS = """c.id, c.specialist_id, c.provider, c.account, c.is_live, c.is_active,
       c.publishable_key, c.hints, c.created_at, c.updated_at"""

_OWN = f"""
SELECT {_COLUMNS} FROM app.payment_configs c
WHERE c.specialist_id = $1 AND ($2::text IS NULL OR c.provider = $2)
ORDER BY c.id DESC LIMIT 100
"""

_ALL = f"""
SELECT {_COLUMNS} FROM app.payment_configs c
WHERE ($1::uuid IS NULL OR c.specialist_id = $1) AND ($2::text IS NULL OR c.provider = $2)
  AND ($3::boolean IS NULL OR c.is_active = $3) AND ($4::uuid IS NULL OR c.id < $4)
ORDER BY c.id DESC LIMIT $5
"""

_SEALED = """
SELECT k.config_id, c.specialist_id, c.provider, c.is_live, c.publishable_key, c.hints, k.key_id,
       k.wrapped_key, k.sealed_keys, app.now() AS now
FROM app.payment_configs c
JOIN app.payment_config_keys k ON k.config_id = c.id AND k.specialist_id = c.specialist_id
"""


async def own_configs(work: Work, *, provider: str | None = None) -> Sequence[asyncpg.Record]:
    """The actor's accounts, those of the past included; there are few."""
    return await work.fetch(_OWN, work.person, provider)


async def configs(
    work: Work,
    *,
    specialist_id: UUID | None,
    provider: str | None,
    is_active: bool | None,
    page: PageAsked,
) -> Page[asyncpg.Record]:
    """Accounts of everybody."""
    after = (page.after("payment_configs") or [None])[0]
    rows = await work.fetch(_ALL, specialist_id, provider, is_active, after, page.limit + 1)
    return page.page("payment_configs", rows, lambda row: (row["id"],))


async def sealed_keys(work: Work, *, provider: str, account: str) -> asyncpg.Record | None:
    """An account with its sealed keys, for the worker, who alone may read them."""
    return await work.fetchrow(
        f"{_SEALED} WHERE c.provider = $1 AND c.account = $2", provider, account
    )
