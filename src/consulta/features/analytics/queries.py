"""Every read of analytics, named for what it returns. People read under their own rights, so a
specialist's numbers can only be of rows that are his to see.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.analytics.rules import UNKNOWN, Period
from consulta.platform.db.work import Work


async def booking_stats(work: Work) -> dict[str, Any]:
    """Counts by status, live holds, overdue unpaid bookings, revenue by currency (minor units)."""
    found: dict[str, Any] = await work.fetchval("SELECT app.get_booking_stats()")
    return found


async def time_zone_of(work: Work, specialist_id: UUID) -> str | None:
    """The zone of a specialist's page that the reader may see; None where there is none."""
    zone: str | None = await work.fetchval(
        "SELECT time_zone FROM app.specialists WHERE id = $1", specialist_id
    )
    return zone


async def bookings_by_status(
    work: Work, period: Period, *, specialist_id: UUID | None
) -> Sequence[asyncpg.Record]:
    """(starts_on, status, count): sessions by the local date at which they begin."""
    return await work.fetch(_BOOKINGS, *_bounds(period), specialist_id)


async def revenue_of_sessions(
    work: Work, period: Period, *, specialist_id: UUID | None
) -> Sequence[asyncpg.Record]:
    """(starts_on, currency, taken_minor, returned_minor), by the date of the session."""
    return await work.fetch(_REVENUE, *_bounds(period), specialist_id)


async def cancellations(
    work: Work, period: Period, *, specialist_id: UUID | None
) -> Sequence[asyncpg.Record]:
    """(starts_on, reason_code, cancelled_by, count), by the date of the cancellation."""
    return await work.fetch(_CANCELLATIONS, *_bounds(period), specialist_id)


async def package_sales(
    work: Work, period: Period, *, specialist_id: UUID | None
) -> Sequence[asyncpg.Record]:
    """(starts_on, currency, sold, credits_sold, taken_minor, returned_minor), by the date at which
    the package became the buyer's.
    """
    return await work.fetch(_PACKAGES, *_bounds(period), specialist_id)


def _bounds(period: Period) -> tuple[Any, ...]:
    return period.unit, period.time_zone, period.first, period.last


# $1 unit, $2 zone, $3 and $4 first and last local date, $5 whose, or everybody's.
_STARTS_ON = "date_trunc($1, {} AT TIME ZONE $2)::date AS starts_on"
_WITHIN = """
{0} >= $3::date::timestamp AT TIME ZONE $2 AND {0} < ($4::date + 1)::timestamp AT TIME ZONE $2
"""

_BOOKINGS = f"""
SELECT {_STARTS_ON.format("b.starts_at")}, b.status, count(*) AS count
FROM app.bookings b
WHERE {_WITHIN.format("b.starts_at")} AND ($5::uuid IS NULL OR b.specialist_id = $5)
GROUP BY 1, 2
"""

_REVENUE = f"""
SELECT {_STARTS_ON.format("b.starts_at")}, p.currency, sum(p.captured_minor)::bigint AS taken_minor,
       sum(p.refunded_minor)::bigint AS returned_minor
FROM app.bookings b
JOIN app.payments p ON p.booking_id = b.id
WHERE {_WITHIN.format("b.starts_at")} AND ($5::uuid IS NULL OR b.specialist_id = $5)
  AND p.captured_minor > 0
GROUP BY 1, 2
"""

_CANCELLATIONS = f"""
SELECT {_STARTS_ON.format("c.created_at")}, coalesce(c.reason_code, '{UNKNOWN}') AS reason_code,
       c.cancelled_by_kind AS cancelled_by, count(*) AS count
FROM app.booking_cancellations c
WHERE {_WITHIN.format("c.created_at")} AND ($5::uuid IS NULL OR c.specialist_id = $5)
GROUP BY 1, 2, 3
"""

_PACKAGES = f"""
SELECT {_STARTS_ON.format("q.activated_at")}, q.currency, count(*) AS sold,
       sum(q.session_count)::bigint AS credits_sold,
       coalesce(sum(p.captured_minor), 0)::bigint AS taken_minor,
       coalesce(sum(p.refunded_minor), 0)::bigint AS returned_minor
FROM app.package_purchases q
LEFT JOIN app.payments p ON p.package_purchase_id = q.id AND p.captured_minor > 0
WHERE {_WITHIN.format("q.activated_at")} AND ($5::uuid IS NULL OR q.specialist_id = $5)
GROUP BY 1, 2
"""
