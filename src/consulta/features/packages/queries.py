"""Every select of packages, named for what it returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.packages.status import PurchaseStatus
from consulta.kernel.money import Money
from consulta.platform.db.work import Work

_OFFER = """
SELECT o.id, o.specialist_id, o.rate_id, o.name, o.description, o.session_count, o.price_minor,
       o.currency, o.discount_percentage, o.valid_for_days, o.is_active, o.created_at
FROM app.booking_packages o
"""
_OFFERED = f"""{_OFFER}
WHERE o.specialist_id = $1 AND o.is_active AND EXISTS (
    SELECT 1 FROM app.specialist_rates r WHERE r.id = o.rate_id AND r.is_active)
ORDER BY o.price_minor, o.id LIMIT $2
"""
_OWN = f"""{_OFFER}
WHERE o.specialist_id = $1
  AND ($2::timestamptz IS NULL OR (o.created_at, o.id) < ($2, $3::uuid))
ORDER BY o.created_at DESC, o.id DESC LIMIT $4
"""


async def offered_packages(
    work: Work, specialist_id: UUID, *, limit: int
) -> Sequence[asyncpg.Record]:
    """What that specialist offers at present, the cheapest first."""
    return await work.fetch(_OFFERED, specialist_id, limit)


async def own_packages(
    work: Work, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The reader's own packages, the newest first, one more than `limit` where there are more."""
    at, last = after or (None, None)
    return await work.fetch(_OWN, work.person, at, last, limit + 1)


async def own_package_for_update(work: Work, package_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(
        f"{_OFFER} WHERE o.id = $1 AND o.specialist_id = $2 FOR UPDATE", package_id, work.person
    )


async def count_of_active(work: Work, specialist_id: UUID) -> int:
    count: int = await work.fetchval(
        "SELECT count(*) FROM app.booking_packages WHERE specialist_id = $1 AND is_active",
        specialist_id,
    )
    return count


async def is_offered_rate(work: Work, rate_id: UUID, *, specialist_id: UUID) -> bool:
    return bool(
        await work.fetchval(
            "SELECT EXISTS (SELECT 1 FROM app.specialist_rates"
            " WHERE id = $1 AND specialist_id = $2 AND is_active)",
            rate_id,
            specialist_id,
        )
    )


@dataclass(frozen=True, slots=True)
class PurchasePayment:
    """The live payment of a purchase."""

    id: UUID
    provider: str
    account: str
    reference: str | None
    amount: Money
    captured: Money
    returned: Money
    """What went back or is about to."""


@dataclass(frozen=True, slots=True)
class LockedPurchase:
    """A purchase under its lock (calendar first, then purchase, then payment: D3), or the same
    facts of one that is only looked at.
    """

    id: UUID
    specialist_id: UUID
    client_id: UUID
    status: PurchaseStatus
    price: Money
    session_count: int
    credits_left: int
    credits_refunded: int
    credits_reserved: int
    expires_at: datetime | None
    valid_until: datetime | None
    payment: PurchasePayment | None
    now: datetime


async def purchase_for_update(work: Work, purchase_id: UUID) -> LockedPurchase | None:
    """The purchase with its payment, locked until the end of the transaction; None for whoever is
    no party of it.
    """
    return _purchase(await work.fetchval("SELECT app.lock_purchase($1)", purchase_id))


async def purchase_facts(work: Work, purchase_id: UUID) -> LockedPurchase | None:
    """The same, without the lock."""
    return _purchase(await work.fetchval("SELECT app.purchase_facts($1)", purchase_id))


def _purchase(found: dict[str, Any] | None) -> LockedPurchase | None:
    if found is None:
        return None
    row, payment = found["purchase"], found["payment"]
    return LockedPurchase(
        id=UUID(row["id"]),
        specialist_id=UUID(row["specialist_id"]),
        client_id=UUID(row["client_id"]),
        status=PurchaseStatus(row["status"]),
        price=Money(row["price_minor"], row["currency"]),
        session_count=row["session_count"],
        credits_left=row["credits_left"],
        credits_refunded=found["credits_refunded"],
        credits_reserved=found["reserved"],
        expires_at=_moment(row["expires_at"]),
        valid_until=_moment(row["valid_until"]),
        payment=PurchasePayment(
            id=UUID(payment["id"]),
            provider=payment["provider"],
            account=payment["account"],
            reference=payment["provider_reference"],
            amount=Money(payment["amount_minor"], payment["currency"]),
            captured=Money(payment["captured_minor"], payment["currency"]),
            returned=Money(found["returned_minor"], payment["currency"]),
        )
        if payment
        else None,
        now=datetime.fromisoformat(found["now"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


# The payer alone sees the next action; the wall of that table says so.
_PURCHASE = """
SELECT q.*, p.id AS payment_id, p.provider AS payment_provider, p.status AS payment_status,
       CASE WHEN p.account <> '' THEN app.publishable_key_of(p.account) END AS payment_account_key,
       p.amount_minor AS payment_amount_minor, p.captured_minor AS payment_captured_minor,
       p.refunded_minor AS payment_refunded_minor, p.last_error AS payment_last_error,
       p.is_disputed AS payment_is_disputed, p.dispute_status AS payment_dispute_status,
       p.dispute_reason AS payment_dispute_reason, p.dispute_minor AS payment_dispute_minor,
       a.next_action AS payment_next_action
FROM app.package_purchases q
LEFT JOIN LATERAL (
    SELECT * FROM app.payments l WHERE l.package_purchase_id = q.id
    ORDER BY (l.status IN ('failed', 'cancelled')), l.created_at DESC LIMIT 1) p ON true
LEFT JOIN app.payment_actions a ON a.payment_id = p.id
"""
_PURCHASES_OF = f"""{_PURCHASE}
WHERE ($1::uuid IS NULL OR q.client_id = $1) AND ($2::uuid IS NULL OR q.specialist_id = $2)
  AND ($3::uuid IS NULL OR q.specialist_id = $3)
  AND ($4::text[] IS NULL OR q.status = ANY ($4))
  AND ($5::timestamptz IS NULL OR (q.created_at, q.id) < ($5, $6::uuid))
ORDER BY q.created_at DESC, q.id DESC LIMIT $7
"""


async def purchase(work: Work, purchase_id: UUID) -> asyncpg.Record | None:
    """A purchase with its present payment, as far as the reader may see them."""
    return await work.fetchrow(f"{_PURCHASE} WHERE q.id = $1", purchase_id)


async def purchases_of(
    work: Work,
    *,
    bought_by: UUID | None,
    sold_by: UUID | None,
    specialist_id: UUID | None,
    statuses: Sequence[str] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Purchases, the newest first, one more than `limit` where there are more."""
    at, last = after or (None, None)
    return await work.fetch(
        _PURCHASES_OF, bought_by, sold_by, specialist_id, statuses, at, last, limit + 1
    )


async def ledger_of(work: Work, purchase_id: UUID, *, limit: int) -> Sequence[asyncpg.Record]:
    """The credits of a purchase, the oldest first; of a very long ledger, its beginning."""
    return await work.fetch(
        "SELECT kind, credits, booking_id, created_at FROM app.package_credits"
        " WHERE purchase_id = $1 ORDER BY created_at, id LIMIT $2",
        purchase_id,
        limit,
    )


async def overdue_purchases(work: Work, *, limit: int) -> Sequence[UUID]:
    """Purchases whose payment did not come in time."""
    rows = await work.fetch(
        "SELECT id FROM app.package_purchases"
        " WHERE status = 'pending_payment' AND expires_at <= app.now()"
        " ORDER BY expires_at LIMIT $1",
        limit,
    )
    return [row["id"] for row in rows]


async def lapsed_purchases(work: Work, *, limit: int) -> Sequence[UUID]:
    """Purchases that are valid no more, of which something is left to be written off; one whose
    last credits wait for the end of a session waits with them.
    """
    rows = await work.fetch(
        "SELECT id FROM app.package_purchases"
        " WHERE status = 'active' AND valid_until <= app.now()"
        " AND (credits_left > 0 OR app.reserved_credits(id) = 0)"
        " ORDER BY valid_until LIMIT $1",
        limit,
    )
    return [row["id"] for row in rows]
