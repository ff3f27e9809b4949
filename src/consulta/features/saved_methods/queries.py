"""Every select of saved methods, named for what it returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work

# The client alone sees the next action; the wall of that table says so.
_METHOD = """
SELECT m.id, m.client_id, m.specialist_id, m.provider AS payment_provider, m.account, m.status,
       m.setup_reference, m.label, m.last_error, m.created_at, a.next_action,
       CASE WHEN m.account <> '' THEN app.publishable_key_of(m.account) END AS payment_account_key
FROM app.saved_methods m LEFT JOIN app.saved_method_actions a ON a.method_id = m.id
"""

_METHODS_OF = f"""{_METHOD}
WHERE m.client_id = $1 AND m.status <> 'removed' AND ($2::uuid IS NULL OR m.specialist_id = $2)
  AND ($3::timestamptz IS NULL OR (m.created_at, m.id) < ($3, $4::uuid))
ORDER BY m.created_at DESC, m.id DESC LIMIT $5
"""


async def method(work: Work, method_id: UUID) -> asyncpg.Record | None:
    """A method with what its client has to do to save it, as far as the reader may see them."""
    return await work.fetchrow(f"{_METHOD} WHERE m.id = $1", method_id)


async def method_of_client(work: Work, method_id: UUID) -> asyncpg.Record | None:
    """The same, for the client alone and unless it was removed."""
    return await work.fetchrow(
        f"{_METHOD} WHERE m.id = $1 AND m.client_id = $2 AND m.status <> 'removed'",
        method_id,
        work.person,
    )


async def methods_of(
    work: Work,
    client_id: UUID,
    *,
    specialist_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """A client's methods, the newest first, one more than `limit` where there are more."""
    at, last = after or (None, None)
    return await work.fetch(_METHODS_OF, client_id, specialist_id, at, last, limit + 1)


async def method_of_setup(
    work: Work, *, provider: str, account: str, reference: str
) -> UUID | None:
    """The method that a letter of that account is about."""
    found: UUID | None = await work.fetchval(
        "SELECT id FROM app.saved_methods"
        " WHERE provider = $1 AND account = $2 AND setup_reference = $3",
        provider,
        account,
        reference,
    )
    return found


@dataclass(frozen=True, slots=True)
class Call:
    """A call about a method that is ours to make until the lease ends; the fence tells a late
    one.
    """

    method_id: UUID
    provider: str
    account: str
    status: str
    customer_reference: str | None
    fence: int
    attempts: int
    first_sent_at: datetime
    now: datetime

    @property
    def forgets(self) -> bool:
        """Whether the provider is to forget the method, or else to save it."""
        return self.status == "removed"


# Whoever has just begun a set-up makes its first call; the worker leaves it a moment for that.
_LEASE = """
UPDATE app.saved_methods m
SET fence = m.fence + 1, attempts = m.attempts + 1,
    first_sent_at = coalesce(m.first_sent_at, app.now()),
    next_attempt_at = app.now() + make_interval(secs => $2)
FROM (
    SELECT d.id FROM app.saved_methods d
    WHERE d.next_attempt_at IS NOT NULL
      AND (d.next_attempt_at <= app.now() OR d.id = $3 AND d.attempts = 0)
      AND ($3::uuid IS NULL OR d.id = $3)
    ORDER BY d.next_attempt_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED) due
WHERE m.id = due.id
RETURNING m.id AS method_id, m.provider, m.account, m.status, m.customer_reference, m.fence,
    m.attempts, m.first_sent_at, app.now() AS now
"""


async def calls_leased(
    work: Work, *, limit: int, lease_seconds: int, method_id: UUID | None = None
) -> list[Call]:
    """Calls whose time has come, now leased to us; nobody else makes them meanwhile."""
    rows = await work.fetch(_LEASE, limit, lease_seconds, method_id)
    return [Call(**row) for row in rows]


async def payments_due(work: Work, *, patience: timedelta, limit: int) -> list[UUID]:
    """Payments whose saved card is to be charged by now; one that is still being saved is waited
    for as long as `patience` says.
    """
    rows = await work.fetch(
        "SELECT p.id FROM app.payments p JOIN app.saved_methods m ON m.id = p.saved_method_id"
        " WHERE p.authorize_from IS NOT NULL AND p.status = 'pending'"
        " AND p.authorize_from <= app.now()"
        " AND (m.status <> 'pending' OR m.created_at <= app.now() - $1::interval)"
        " ORDER BY p.authorize_from LIMIT $2",
        patience,
        limit,
    )
    return [row["id"] for row in rows]


async def unfinished_method_of(work: Work, payment_id: UUID) -> UUID | None:
    """The method that a payment waits for, where its set-up is not finished as far as we know."""
    found: UUID | None = await work.fetchval(
        "SELECT m.id FROM app.payments p JOIN app.saved_methods m ON m.id = p.saved_method_id"
        " WHERE p.id = $1 AND m.status = 'pending'",
        payment_id,
    )
    return found


@dataclass(frozen=True, slots=True)
class DueCard:
    """The card that a payment waits for, which the caller has locked."""

    is_wanted: bool
    """Whether there is still something to pay for, and nobody pays for it already."""
    is_usable: bool
    payment_method: str | None
    customer: str | None


async def due_card_of(work: Work, payment_id: UUID) -> DueCard | None:
    """None where the card was asked already, or is not to be asked yet."""
    row: Any = await work.fetchrow(
        "SELECT NOT app.is_over(p) AND p.provider_reference IS NULL AS is_wanted,"
        " app.card_is_usable(m) AS is_usable,"
        " m.method_reference AS payment_method, m.customer_reference AS customer"
        " FROM app.payments p JOIN app.saved_methods m ON m.id = p.saved_method_id"
        " WHERE p.id = $1 AND p.status = 'pending' AND p.authorize_from <= app.now()",
        payment_id,
    )
    return DueCard(**row) if row is not None else None
