"""Every select of payments, named for what it returns."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.payments.rules import disputes_of
from consulta.features.payments.states import PaymentStatus
from consulta.kernel.money import Money
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Dispute


@dataclass(frozen=True, slots=True)
class LockedPayment:
    """A payment under its lock; it is for a booking or for the purchase of a package."""

    id: UUID
    booking_id: UUID | None
    purchase_id: UUID | None
    specialist_id: UUID
    client_id: UUID
    status: PaymentStatus
    amount: Money
    provider: str
    account: str
    """Whose account at the provider made the charge; empty: the platform's own."""
    reference: str | None
    captured_minor: int
    refunded_minor: int
    disputes: tuple[Dispute, ...]
    lost_minor: int
    """So much the payer has had back by disputes, through the bank."""
    is_withheld: bool
    """Whether the bank holds money back until it has decided: nothing is returned meanwhile."""
    updated_at: datetime

    @property
    def ids(self) -> dict[str, UUID | None]:
        """Whom and what it is about, as messages say it."""
        return {
            "payment_id": self.id,
            "booking_id": self.booking_id,
            "purchase_id": self.purchase_id,
            "specialist_id": self.specialist_id,
            "client_id": self.client_id,
        }


async def payment_for_update(work: Work, payment_id: UUID) -> LockedPayment | None:
    """The payment, with calendar, purchase or booking, and payment locked in that order (D3)."""
    found = await work.fetchval("SELECT app.lock_payment($1)", payment_id)
    if found is None:
        return None
    payment = found["payment"]
    return LockedPayment(
        id=UUID(payment["id"]),
        booking_id=_id(payment["booking_id"]),
        purchase_id=_id(payment["package_purchase_id"]),
        specialist_id=UUID(payment["specialist_id"]),
        client_id=UUID(payment["client_id"]),
        status=PaymentStatus(payment["status"]),
        amount=Money(payment["amount_minor"], payment["currency"]),
        provider=payment["provider"],
        account=payment["account"],
        reference=payment["provider_reference"],
        captured_minor=payment["captured_minor"],
        refunded_minor=payment["refunded_minor"],
        disputes=disputes_of({**payment, "disputes": found["disputes"]}),
        lost_minor=payment["lost_minor"],
        is_withheld=payment["is_disputed"] and payment["dispute_status"] != "inquiry",
        updated_at=datetime.fromisoformat(payment["updated_at"]),
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


_PAYMENT = """
SELECT p.id, p.booking_id, p.package_purchase_id, p.specialist_id, p.client_id, p.provider,
       p.account, p.status, p.amount_minor, p.currency,
       p.authorized_minor, p.captured_minor, p.refunded_minor, p.is_disputed, p.dispute_status,
       p.dispute_reason, p.dispute_minor, p.capture_before,
       p.last_error, p.provider_reference, p.created_at, p.updated_at, a.next_action,
       (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.created_at, d.id), '[]')
        FROM app.payment_disputes d WHERE d.payment_id = p.id) AS disputes
FROM app.payments p LEFT JOIN app.payment_actions a ON a.payment_id = p.id
WHERE p.id = $1
"""


async def payment(work: Work, payment_id: UUID) -> asyncpg.Record | None:
    """A payment with what its payer has to do next, as far as the reader may see it."""
    return await work.fetchrow(_PAYMENT, payment_id)


async def payment_of_charge(
    work: Work, *, provider: str, account: str, reference: str | None, payment_id: UUID | None
) -> UUID | None:
    """The payment that a letter about that account is about: by its reference, else by the id that
    we gave the charge when we made it. No letter speaks for another account.
    """
    found: UUID | None = await work.fetchval(
        "SELECT id FROM app.payments"
        " WHERE provider = $1 AND account = $2 AND provider_reference = $3",
        provider,
        account,
        reference,
    )
    if found is None and payment_id is not None:
        found = await work.fetchval(
            "SELECT id FROM app.payments WHERE provider = $1 AND account = $2 AND id = $3",
            provider,
            account,
            payment_id,
        )
    return found


@dataclass(frozen=True, slots=True)
class Lease:
    """An operation that is ours to carry out until the lease ends; the fence tells a late one."""

    operation_id: UUID
    payment_id: UUID
    kind: str
    amount: Money
    provider: str
    account: str
    """Whose account at the provider is asked; empty: the platform's own."""
    reference: str | None
    params: dict[str, Any]
    fence: int
    attempts: int
    first_sent_at: datetime | None
    same_error_count: int
    now: datetime
    is_forlorn: bool = False
    """What is paid for has come to nothing meanwhile: nothing new may come to be for it."""
    is_withheld: bool = False
    """The payer's bank holds money of the payment back, until it has decided a dispute."""
    left_minor: int | None = None
    """What could be returned at most, where disputes were lost."""

    @property
    def waits_for_bank(self) -> bool:
        """A refund that was never sent waits for the decision; what was sent ends its doubt."""
        return self.kind == "refund" and self.is_withheld and self.attempts == 1

    @property
    def is_not_owed(self) -> bool:
        """A refund that was never sent, of money that the payer's bank has given to the payer."""
        is_unsent_refund = self.kind == "refund" and self.attempts == 1
        left_minor = self.left_minor
        return is_unsent_refund and left_minor is not None and left_minor < self.amount.amount_minor

    @property
    def is_off_session(self) -> bool:
        """Whether a saved card is charged while its payer is away."""
        return bool(self.params.get("off_session"))


_LEASE_DUE = """
UPDATE app.payment_operations o
SET state = 'leased', fence = o.fence + 1, attempts = o.attempts + 1,
    first_sent_at = coalesce(o.first_sent_at, app.now()),
    lease_until = app.now() + make_interval(secs => $2),
    next_attempt_at = app.now() + make_interval(secs => $2)
FROM (
    SELECT d.id FROM app.payment_operations d
    WHERE d.state IN ('pending', 'leased', 'in_doubt') AND d.next_attempt_at <= app.now()
      AND ($3::uuid IS NULL OR d.payment_id = $3)
    ORDER BY d.next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED) due,
    app.payments p
WHERE o.id = due.id AND p.id = o.payment_id
RETURNING o.id, o.payment_id, o.kind, o.amount_minor, o.params, o.fence, o.attempts,
    o.first_sent_at, o.same_error_count, p.currency, p.provider, p.account,
    p.provider_reference, app.is_over(p) AS is_forlorn, app.now() AS now,
    p.is_disputed AND p.dispute_status IS DISTINCT FROM 'inquiry' AS is_withheld,
    CASE WHEN p.lost_minor > 0 THEN p.captured_minor - p.refunded_minor - p.lost_minor END
        AS left_minor
"""


async def due_operations_leased(
    work: Work, *, limit: int, lease_seconds: int, payment_id: UUID | None = None
) -> Sequence[Lease]:
    """Operations whose time has come, now leased to us; nobody else gets them meanwhile."""
    rows = await work.fetch(_LEASE_DUE, limit, lease_seconds, payment_id)
    return [lease_of(row) for row in rows]


def lease_of(row: asyncpg.Record) -> Lease:
    return Lease(
        operation_id=row["id"],
        payment_id=row["payment_id"],
        kind=row["kind"],
        amount=Money(row["amount_minor"], row["currency"]),
        provider=row["provider"],
        account=row["account"],
        reference=row["provider_reference"],
        params=row["params"],
        fence=row["fence"],
        attempts=row["attempts"],
        first_sent_at=row["first_sent_at"],
        same_error_count=row["same_error_count"],
        now=row["now"],
        is_forlorn=row["is_forlorn"],
        is_withheld=row["is_withheld"],
        left_minor=row["left_minor"],
    )


async def has_open_operation(work: Work, payment_id: UUID, *, kind: str) -> bool:
    """Whether one of that kind is still under way: of an authorisation a charge may yet appear."""
    return bool(
        await work.fetchval(
            "SELECT EXISTS (SELECT 1 FROM app.payment_operations WHERE payment_id = $1"
            " AND kind = $2 AND state NOT IN ('done', 'dead'))",
            payment_id,
            kind,
        )
    )


@dataclass(frozen=True, slots=True)
class RefundsBeside:
    """The other refunds of a payment, beside one that is in doubt."""

    done_minor: int
    in_doubt_minor: list[int]
    """Those that were sent, and of which nothing is known yet."""
    youngest_sent_at: datetime | None


_REFUNDS_BESIDE = """
SELECT coalesce(sum(amount_minor) FILTER (WHERE state = 'done'), 0)::bigint AS done_minor,
       coalesce(array_agg(amount_minor) FILTER (WHERE state <> 'done'), '{}') AS in_doubt_minor,
       max(first_sent_at) FILTER (WHERE state <> 'done') AS youngest_sent_at
FROM app.payment_operations
WHERE payment_id = $1 AND id <> $2 AND kind = 'refund'
  AND (state = 'done' OR state <> 'dead' AND first_sent_at IS NOT NULL)
  AND NOT (id::text = ANY ($3) OR coalesce(provider_reference, '') = ANY ($3))
"""


async def refunds_beside(
    work: Work, payment_id: UUID, *, operation_id: UUID, told: Collection[str]
) -> RefundsBeside:
    """Without those whose key or name at the provider is `told`: nothing is guessed of them."""
    row = await work.fetchrow(_REFUNDS_BESIDE, payment_id, operation_id, list(told))
    assert row is not None
    return RefundsBeside(**row)


async def refund_names(work: Work, payment_id: UUID) -> frozenset[str]:
    """The keys of all refunds that we ever asked for, and the provider's names of them."""
    rows = await work.fetch(
        "SELECT id::text AS key, provider_reference AS name FROM app.payment_operations"
        " WHERE payment_id = $1 AND kind = 'refund'",
        payment_id,
    )
    return frozenset(word for row in rows for word in (row["key"], row["name"]) if word)


async def ended_refund(work: Work, payment_id: UUID, *, why: str) -> UUID | None:
    """The first refund of a payment that came to nothing for that reason."""
    ended: UUID | None = await work.fetchval(
        "SELECT id FROM app.payment_operations WHERE payment_id = $1 AND kind = 'refund'"
        " AND state = 'dead' AND last_error = $2 ORDER BY id LIMIT 1",
        payment_id,
        why,
    )
    return ended


async def failed_refunds(work: Work, payment_id: UUID) -> frozenset[str]:
    """The provider's names of refunds that it had accepted, and that came back from the bank."""
    rows = await work.fetch(
        "SELECT provider_reference FROM app.payment_operations WHERE payment_id = $1"
        " AND kind = 'refund' AND state = 'dead' AND provider_reference IS NOT NULL",
        payment_id,
    )
    return frozenset(row["provider_reference"] for row in rows)


async def waiting_refunds(work: Work, payment_id: UUID) -> Sequence[asyncpg.Record]:
    """Refunds of the payment that nobody has sent, the oldest first; locked: nobody will."""
    return await work.fetch(
        "SELECT id, fence, amount_minor FROM app.payment_operations WHERE payment_id = $1"
        " AND kind = 'refund' AND state = 'pending' ORDER BY created_at, id FOR UPDATE",
        payment_id,
    )


async def left_to_return(work: Work, payment_id: UUID) -> int:
    """How much of what was taken has not gone back, and is not about to, in minor units."""
    left: int = await work.fetchval(
        "SELECT p.captured_minor - p.lost_minor - greatest(p.refunded_minor, coalesce(("
        "    SELECT sum(o.amount_minor) FROM app.payment_operations o"
        "    WHERE o.payment_id = p.id AND o.kind = 'refund' AND o.state <> 'dead'), 0)::bigint)"
        " FROM app.payments p WHERE p.id = $1",
        payment_id,
    )
    return left


async def payment_of_payer(work: Work, payment_id: UUID) -> asyncpg.Record | None:
    """Provider and charge of a payment that the reader has to pay."""
    return await work.fetchrow(
        "SELECT provider, provider_reference FROM app.payments WHERE id = $1 AND client_id = $2",
        payment_id,
        work.person,
    )


async def refunds_of(work: Work, payment_id: UUID) -> Sequence[asyncpg.Record]:
    """The refunds of a payment, the newest first, as far as the reader is a party of it."""
    return await work.fetch("SELECT * FROM app.refunds_of($1)", payment_id)


async def asked_return_url(work: Work, payment_id: UUID) -> str | None:
    """Where the payer last asked to be sent after paying."""
    found: str | None = await work.fetchval(
        "SELECT params ->> 'return_url' FROM app.payment_operations"
        " WHERE payment_id = $1 AND kind = 'authorize' ORDER BY created_at DESC, id DESC LIMIT 1",
        payment_id,
    )
    return found


async def payment_of_operation(work: Work, operation_id: UUID) -> UUID | None:
    found: UUID | None = await work.fetchval(
        "SELECT payment_id FROM app.payment_operations WHERE id = $1", operation_id
    )
    return found
