"""Every select of receipts and of the ledger, named for what it returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work

Position = tuple[datetime, UUID]
"""A place in a list whose newest come first."""

_RECEIPT = """
SELECT r.id, r.specialist_id, r.client_id, r.payment_id, p.booking_id, p.package_purchase_id,
       r.number, r.kind, r.amount_minor, r.currency, r.details, r.issued_at
FROM app.receipts r JOIN app.payments p ON p.id = r.payment_id
"""


_RECEIPTS = f"""
{_RECEIPT}
WHERE ($1::uuid IS NULL OR r.client_id = $1) AND ($2::uuid IS NULL OR r.specialist_id = $2)
  AND ($3::text IS NULL OR r.kind = $3)
  AND ($4::timestamptz IS NULL OR (r.issued_at, r.id) < ($4, $5::uuid))
ORDER BY r.issued_at DESC, r.id DESC LIMIT $6
"""

_LAST_NUMBER = "ORDER BY r.number DESC"
_MOST_OF_ONE = 1000


async def receipt(work: Work, receipt_id: UUID) -> asyncpg.Record | None:
    """A receipt, as far as the reader is a party of it or an admin."""
    return await work.fetchrow(_RECEIPT + "WHERE r.id = $1", receipt_id)


async def receipts_of_booking(work: Work, booking_id: UUID) -> Sequence[asyncpg.Record]:
    """What was taken and returned for the booking, the newest first."""
    statement = f"{_RECEIPT} WHERE p.booking_id = $1 {_LAST_NUMBER} LIMIT $2"
    return await work.fetch(statement, booking_id, _MOST_OF_ONE)


async def receipts_of_purchase(work: Work, purchase_id: UUID) -> Sequence[asyncpg.Record]:
    """What was taken and returned for the package, the newest first."""
    statement = f"{_RECEIPT} WHERE p.package_purchase_id = $1 {_LAST_NUMBER} LIMIT $2"
    return await work.fetch(statement, purchase_id, _MOST_OF_ONE)


async def receipts_of(
    work: Work,
    *,
    client_id: UUID | None,
    specialist_id: UUID | None,
    kind: str | None,
    after: Position | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Receipts, the newest first, one more than `limit` where there are more."""
    at, last = after or (None, None)
    return await work.fetch(_RECEIPTS, client_id, specialist_id, kind, at, last, limit + 1)


@dataclass(frozen=True, slots=True)
class LedgerAsked:
    """Whose entries, and from when to when (half open)."""

    payment_id: UUID | None = None
    specialist_id: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


# Totals run over all entries of the payment or specialist, also over those before the span: the
# oldest of the page brings its predecessors' sum along, and the page counts on from there.
_ENTRIES = """
WITH page AS (
    SELECT e.* FROM app.ledger_entries e
    WHERE ($1::uuid IS NULL OR e.payment_id = $1) AND ($2::uuid IS NULL OR e.specialist_id = $2)
      AND ($3::timestamptz IS NULL OR e.created_at >= $3)
      AND ($4::timestamptz IS NULL OR e.created_at < $4)
      AND ($5::timestamptz IS NULL OR (e.created_at, e.id) < ($5, $6::uuid))
    ORDER BY e.created_at DESC, e.id DESC LIMIT $7
), oldest AS (
    SELECT p.created_at, p.id FROM page p ORDER BY p.created_at, p.id LIMIT 1
), before AS (
    SELECT e.account, e.currency, sum(e.amount_minor) AS amount_minor
    FROM app.ledger_entries e
    WHERE ($1 IS NOT NULL OR $2 IS NOT NULL)
      AND ($1 IS NULL OR e.payment_id = $1) AND ($2 IS NULL OR e.specialist_id = $2)
      AND (e.created_at, e.id) < ((SELECT o.created_at FROM oldest o), (SELECT o.id FROM oldest o))
    GROUP BY e.account, e.currency
)
SELECT p.id, p.transaction_id, p.payment_id, p.specialist_id, p.client_id, p.kind, p.account,
       p.amount_minor, p.currency, p.created_at,
       CASE WHEN $1 IS NOT NULL OR $2 IS NOT NULL THEN (
           coalesce(b.amount_minor, 0)
           + sum(p.amount_minor) OVER (
               PARTITION BY p.account, p.currency ORDER BY p.created_at, p.id))::bigint
       END AS running_total_minor
FROM page p LEFT JOIN before b ON b.account = p.account AND b.currency = p.currency
ORDER BY p.created_at DESC, p.id DESC
"""


async def ledger_entries(
    work: Work, asked: LedgerAsked, *, after: Position | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Entries, the newest first, one more than `limit` where there are more. Each has the running
    total of its account in its currency; over the whole house there is none.
    """
    at, last = after or (None, None)
    return await work.fetch(
        _ENTRIES,
        asked.payment_id,
        asked.specialist_id,
        asked.starts_at,
        asked.ends_at,
        at,
        last,
        limit + 1,
    )


async def ledger_mismatches(work: Work, *, limit: int) -> Sequence[asyncpg.Record]:
    """Payments of which ledger or receipts say otherwise than the payment itself."""
    return await work.fetch("SELECT * FROM app.ledger_mismatches($1)", limit)


_MOST_TOLD = 20


async def ledger_flaws(connection: asyncpg.Connection) -> list[str]:
    """The same in sentences, for whoever examines a database; at most 20 of them."""
    rows = await connection.fetch("SELECT * FROM app.ledger_mismatches($1)", _MOST_TOLD)
    return [
        f"payment {row['payment_id']}: {row['captured_minor']} {row['currency']} (minor units) were"
        f" taken and {row['refunded_minor']} returned, but the ledger says"
        f" {row['ledger_captured_minor']} and {row['ledger_refunded_minor']}, receipts"
        f" {row['receipts_minor']} and {row['credit_notes_minor']}"
        for row in rows
    ]
