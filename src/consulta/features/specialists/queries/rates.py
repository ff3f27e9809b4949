"""Rates: what is offered, and what its owner has."""

from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work


async def active_rates(work: Work, specialist_id: UUID) -> list[asyncpg.Record]:
    return await work.fetch(_ACTIVE_RATES, specialist_id)


async def own_rates(work: Work) -> list[asyncpg.Record]:
    return await work.fetch(_OWN_RATES, work.person)


async def own_rate_for_update(work: Work, rate_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(_OWN_RATE + " FOR NO KEY UPDATE", rate_id, work.person)


_RATE = """
SELECT r.id, r.kind, r.name, r.description, r.price_minor, r.currency, r.duration_minutes,
       r.is_active
FROM app.specialist_rates r
"""
_ACTIVE_RATES = _RATE + "WHERE r.specialist_id = $1 AND r.is_active ORDER BY r.price_minor, r.kind"
_OWN_RATES = _RATE + "WHERE r.specialist_id = $1 ORDER BY r.created_at, r.id"
_OWN_RATE = _RATE + "WHERE r.id = $1 AND r.specialist_id = $2"
