"""Every select of subscribers, named for what it returns. Ids are time-ordered."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from consulta.features.subscribers.errors import WebhookDeliveryNotFound, WebhookEndpointNotFound
from consulta.kernel.actor import Role
from consulta.platform.db.paging import Page, PageAsked
from consulta.platform.db.work import Work

_ENDPOINT = """
SELECT e.id, e.specialist_id, e.url, e.description, e.topics, e.is_active, e.disabled_at,
       e.disabled_reason, e.failing_since, e.created_at, e.updated_at
FROM app.webhook_endpoints e
WHERE e.specialist_id IS NOT DISTINCT FROM $1 AND e.deleted_at IS NULL
"""

_DELIVERIES = """
SELECT d.id, d.event_id, d.topic, d.payload, d.occurred_at, d.state, d.attempts, d.attempt_log,
       d.next_attempt_at, d.last_status, d.last_error, d.duration_ms, d.created_at, d.settled_at
FROM app.webhook_deliveries d
WHERE d.endpoint_id = $1
"""

_SECRETS = """
SELECT s.id, s.endpoint_id, s.key_id, s.wrapped_key, s.sealed
FROM app.webhook_endpoint_secrets s
WHERE s.endpoint_id = ANY ($1) AND (s.valid_until IS NULL OR s.valid_until > app.now())
ORDER BY s.valid_until DESC NULLS FIRST
"""

_PARTIES = {
    "booking_id": "SELECT b.specialist_id, b.client_id FROM app.bookings b WHERE b.id = $1",
    "purchase_id": "SELECT p.specialist_id, p.client_id FROM app.package_purchases p"
    " WHERE p.id = $1",
    "series_id": "SELECT r.specialist_id, r.client_id FROM app.recurring_bookings r"
    " WHERE r.id = $1",
}


def _owner(work: Work) -> UUID | None:
    """A specialist keeps the own endpoints, an admin those of the platform."""
    return None if work.actor.role is Role.ADMIN else work.person


async def endpoints(work: Work) -> Sequence[asyncpg.Record]:
    """The actor's endpoints, the newest first; there are ten at most."""
    return await work.fetch(f"{_ENDPOINT} ORDER BY e.id DESC LIMIT 100", _owner(work))


async def endpoint(work: Work, endpoint_id: UUID) -> asyncpg.Record:
    """One of them. Raises `WebhookEndpointNotFound`."""
    row = await work.fetchrow(f"{_ENDPOINT} AND e.id = $2", _owner(work), endpoint_id)
    if row is None:
        raise WebhookEndpointNotFound
    return row


async def deliveries(
    work: Work, endpoint_id: UUID, *, state: str | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """What was posted to one of the actor's endpoints, the newest first.

    Raises `WebhookEndpointNotFound`.
    """
    await endpoint(work, endpoint_id)
    after = (page.after("webhook_deliveries") or [None])[0]
    rows = await work.fetch(
        f"{_DELIVERIES} AND ($2::text IS NULL OR d.state = $2)"
        " AND ($3::uuid IS NULL OR d.id < $3) ORDER BY d.id DESC LIMIT $4",
        endpoint_id,
        state,
        after,
        page.limit + 1,
    )
    return page.page("webhook_deliveries", rows, lambda row: (row["id"],))


async def delivery(work: Work, endpoint_id: UUID, delivery_id: UUID) -> asyncpg.Record:
    """Raises `WebhookDeliveryNotFound`."""
    row = await work.fetchrow(f"{_DELIVERIES} AND d.id = $2", endpoint_id, delivery_id)
    if row is None:
        raise WebhookDeliveryNotFound
    return row


async def valid_secrets(work: Work, endpoint_ids: Sequence[UUID]) -> Sequence[asyncpg.Record]:
    """Sealed secrets that sign now, the current ones first; for the worker, who alone may read
    them.
    """
    return await work.fetch(_SECRETS, endpoint_ids)


async def parties_of(work: Work, *, subject: str, subject_id: UUID) -> asyncpg.Record | None:
    """Specialist and client of what a message is about, from its own table."""
    return await work.fetchrow(_PARTIES[subject], subject_id)


async def anybody_listens(work: Work) -> bool:
    """Whether there is an active endpoint at all."""
    found: bool = await work.fetchval(
        "SELECT EXISTS (SELECT 1 FROM app.webhook_endpoints e WHERE e.is_active)"
    )
    return found
