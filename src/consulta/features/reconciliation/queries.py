"""Every select of reconciliation, named for what it returns."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from consulta.features.payments.rules import disputes_of
from consulta.features.reconciliation.rules import OurSide
from consulta.kernel.money import Money
from consulta.platform.db.paging import Page, PageAsked
from consulta.platform.db.work import Work

_MOST_ACCOUNTS = 5_000

# A payment is known by its charge; where we never heard of that, by the id that we gave it.
_OUR_SIDE = """
WITH known AS (
    SELECT coalesce(
        (SELECT p.id FROM app.payments p
         WHERE p.provider = $1 AND p.account = $2 AND p.provider_reference = $3),
        (SELECT p.id FROM app.payments p
         WHERE p.provider = $1 AND p.account = $2 AND p.id = $4)) AS id
)
SELECT p.id AS payment_id, p.status, p.amount_minor, p.currency, p.provider_reference AS reference,
       p.captured_minor, p.refunded_minor, p.is_disputed, app.is_over(p) AS is_over,
       (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.created_at, d.id), '[]')
        FROM app.payment_disputes d WHERE d.payment_id = p.id) AS disputes,
       EXISTS (SELECT 1 FROM app.payment_operations o
               WHERE o.payment_id = p.id AND o.state NOT IN ('done', 'dead')) AS is_under_way,
       coalesce((SELECT o.state = 'dead' FROM app.payment_operations o
                 WHERE o.payment_id = p.id AND o.kind IN ('cancel', 'refund')
                 ORDER BY o.id DESC LIMIT 1), false) AS was_refused,
       ARRAY(SELECT o.provider_reference FROM app.payment_operations o
             WHERE o.payment_id = p.id AND o.kind = 'refund' AND o.state = 'dead'
               AND o.provider_reference IS NOT NULL) AS failed_refunds
FROM known JOIN app.payments p ON p.id = known.id
"""


async def our_side(
    work: Work, *, provider: str, account: str, reference: str, payment_id: UUID | None
) -> OurSide | None:
    """What we believe about that charge of that account; None where it is no payment of ours."""
    row = await work.fetchrow(_OUR_SIDE, provider, account, reference, payment_id)
    if row is None:
        return None
    plain = ("payment_id", "status", "reference", "captured_minor", "refunded_minor", "is_over",
             "is_under_way", "was_refused")  # fmt: skip
    return OurSide(
        amount=Money(row["amount_minor"], row["currency"]),
        disputes=disputes_of(row),
        failed_refunds=frozenset(row["failed_refunds"]),
        **{name: row[name] for name in plain},
    )


async def accounts_of_specialists(work: Work) -> Sequence[tuple[str, str]]:
    """Provider and account of every specialist's own gateway account, also of those given up."""
    rows = await work.fetch(
        "SELECT provider, account FROM app.payment_configs ORDER BY id LIMIT $1", _MOST_ACCOUNTS
    )
    return [(row["provider"], row["account"]) for row in rows]


async def read_until(work: Work, *, provider: str, account: str) -> datetime | None:
    """When the youngest charge was made that has been compared; None before the first time."""
    found: datetime | None = await work.fetchval(
        "SELECT read_until FROM app.reconciliation_cursors WHERE provider = $1 AND account = $2",
        provider,
        account,
    )
    return found


_TO_READ = """
SELECT p.id, p.provider, p.account, p.provider_reference, p.status, p.created_at
FROM app.payments p
WHERE p.read_again_at <= app.now() AND NOT (p.id = ANY ($2))
ORDER BY p.read_again_at LIMIT $1
"""


async def payments_to_read(
    work: Work, *, limit: int, set_aside: Sequence[UUID]
) -> Sequence[asyncpg.Record]:
    """Payments whose charge nobody has read for long, the longest first."""
    return await work.fetch(_TO_READ, limit, list(set_aside))


async def payment_as_read(work: Work, payment_id: UUID) -> asyncpg.Record | None:
    """Status and age of a payment whose charge has just been read."""
    return await work.fetchrow(
        "SELECT status, provider, app.now() - created_at AS age FROM app.payments WHERE id = $1",
        payment_id,
    )


async def authorizations_ending(work: Work, *, within: timedelta, limit: int) -> Sequence[UUID]:
    """Payments whose reservation ends so soon, and of whose end nobody has been told."""
    rows = await work.fetch(
        "SELECT id FROM app.payments WHERE status = 'authorized' AND expiry_warned_at IS NULL"
        " AND capture_before > app.now() AND capture_before <= app.now() + $1::interval"
        " ORDER BY capture_before LIMIT $2",
        within,
        limit,
    )
    return [row["id"] for row in rows]


_FINDING = """
SELECT id, provider, account, charge_reference, payment_id, class AS remedy, reason, facts, state,
       settled_by, settled_at, note, created_at
FROM app.reconciliation_findings
"""
_FINDINGS = f"""
{_FINDING}
WHERE ($1::text IS NULL OR class = $1) AND ($2::text IS NULL OR state = $2)
  AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""


async def findings(
    work: Work, *, remedy: str | None, state: str | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """Differences, the newest first."""
    after = (page.after("findings") or [None])[0]
    rows = await work.fetch(_FINDINGS, remedy, state, after, page.limit + 1)
    return page.page("findings", rows, lambda row: (row["id"],))


async def finding(work: Work, finding_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(_FINDING + "WHERE id = $1", finding_id)


_OPERATION = """
SELECT o.id, o.payment_id, o.kind, o.amount_minor, p.currency, p.provider, p.account,
       p.provider_reference AS charge_reference, o.state, o.attempts,
       o.first_sent_at, o.next_attempt_at, o.last_error, o.replaces, o.requested_by, o.created_at,
       (SELECT n.id FROM app.payment_operations n WHERE n.replaces = o.id LIMIT 1) AS replaced_by
FROM app.payment_operations o JOIN app.payments p ON p.id = o.payment_id
"""
_OPERATIONS = f"""
{_OPERATION}
WHERE ($1::text IS NULL OR o.state = $1) AND ($2::uuid IS NULL OR o.payment_id = $2)
  AND ($3::uuid IS NULL OR o.id < $3)
ORDER BY o.id DESC LIMIT $4
"""


async def operations(
    work: Work, *, state: str | None, payment_id: UUID | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """Operations, the newest first."""
    after = (page.after("operations") or [None])[0]
    rows = await work.fetch(_OPERATIONS, state, payment_id, after, page.limit + 1)
    return page.page("operations", rows, lambda row: (row["id"],))


async def operation(work: Work, operation_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(_OPERATION + "WHERE o.id = $1", operation_id)
