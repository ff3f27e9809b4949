"""Keeping endpoints: made, changed, deleted, given another secret, tried, replayed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from consulta.features.subscribers import queries, rules
from consulta.platform.crypto import Envelope, Vault
from consulta.platform.db.work import Work

MOST_REPLAYED = 1_000

_CREATE = "SELECT * FROM app.create_webhook_endpoint($1, $2, $3, $4, $5, $6, $7, $8)"
_CHANGE = "SELECT * FROM app.change_webhook_endpoint($1, $2, $3, $4, $5)"


async def create(
    work: Work, *, url: str, description: str | None, topics: Sequence[str], vault: Vault
) -> tuple[asyncpg.Record, str]:
    """A new endpoint of the actor, and its secret, which is told this once.

    Raises TooManyWebhookEndpoints, SpecialistNotFound.
    """
    endpoint_id: UUID = await work.fetchval("SELECT app.new_id()")
    secret, secret_id, envelope = await _sealed_secret(work, endpoint_id, vault)
    row = await work.fetchrow(
        _CREATE,
        endpoint_id,
        url,
        description,
        list(topics),
        secret_id,
        envelope.key_id,
        envelope.wrapped_key,
        envelope.sealed,
    )
    assert row is not None
    _audit(work, "created", endpoint_id, new=_told(row))
    return row, secret


async def change(work: Work, endpoint_id: UUID, changes: Mapping[str, Any]) -> asyncpg.Record:
    """The endpoint with those fields replaced. Raises WebhookEndpointNotFound."""
    await work.execute("SELECT app.lock_webhook_endpoint($1)", endpoint_id)
    before = await queries.endpoint(work, endpoint_id)
    wanted = {**dict(before), **changes}
    row = await work.fetchrow(
        _CHANGE,
        endpoint_id,
        wanted["url"],
        wanted["description"],
        list(wanted["topics"]),
        wanted["is_active"],
    )
    assert row is not None
    _audit(work, "changed", endpoint_id, old=_told(before), new=_told(row))
    return row


async def delete(work: Work, endpoint_id: UUID) -> None:
    """Nothing is posted there any more. Raises WebhookEndpointNotFound."""
    await work.execute("SELECT app.delete_webhook_endpoint($1)", endpoint_id)
    _audit(work, "deleted", endpoint_id)


async def rotate_secret(
    work: Work, endpoint_id: UUID, *, overlap: timedelta, vault: Vault
) -> tuple[str, datetime]:
    """The new secret, told this once, and until when the former one signs, too.

    Raises WebhookEndpointNotFound.
    """
    secret, secret_id, envelope = await _sealed_secret(work, endpoint_id, vault)
    until: datetime = await work.fetchval(
        "SELECT app.rotate_webhook_secret($1, $2, $3, $4, $5, $6)",
        endpoint_id,
        secret_id,
        envelope.key_id,
        envelope.wrapped_key,
        envelope.sealed,
        overlap,
    )
    _audit(work, "secret_rotated", endpoint_id, new={"former_valid_until": until})
    return secret, until


async def test(work: Work, endpoint_id: UUID) -> asyncpg.Record:
    """A delivery of `webhook.test` is due.

    Raises WebhookEndpointNotFound, WebhookEndpointInactive, TooManyWebhookTests.
    """
    row = await work.fetchrow("SELECT * FROM app.test_webhook_endpoint($1)", endpoint_id)
    assert row is not None
    _audit(work, "tested", endpoint_id)
    return row


async def replay(work: Work, endpoint_id: UUID, delivery_id: UUID) -> asyncpg.Record:
    """A settled delivery is due again, under the same event id.

    Raises WebhookEndpointNotFound, WebhookDeliveryNotFound, WebhookEndpointInactive,
    WebhookDeliveryUnderWay.
    """
    row = await work.fetchrow(
        "SELECT * FROM app.replay_webhook_delivery($1, $2)", endpoint_id, delivery_id
    )
    assert row is not None
    _audit(work, "replayed", endpoint_id, new={"delivery_id": delivery_id})
    return row


async def replay_since(work: Work, endpoint_id: UUID, *, since: datetime) -> int:
    """What was given up of facts since then is due again, a thousand at most; how many.

    Raises WebhookEndpointNotFound, WebhookEndpointInactive.
    """
    replayed: int = await work.fetchval(
        "SELECT app.replay_webhook_failures($1, $2, $3)", endpoint_id, since, MOST_REPLAYED
    )
    _audit(work, "replayed", endpoint_id, new={"since": since, "deliveries": replayed})
    return replayed


async def _sealed_secret(work: Work, endpoint_id: UUID, vault: Vault) -> tuple[str, UUID, Envelope]:
    secret_id: UUID = await work.fetchval("SELECT app.new_id()")
    secret = rules.new_secret()
    row = {"id": secret_id, "endpoint_id": endpoint_id}
    return secret, secret_id, rules.SEALED.enclose(vault, {"secret": secret}, row)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    # The path of such an address is often a secret of its own.
    host = urlsplit(row["url"]).netloc
    return {"host": host, "topics": row["topics"], "is_active": row["is_active"]}


def _audit(
    work: Work,
    what: str,
    endpoint_id: UUID,
    *,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
) -> None:
    work.audit(
        f"webhook_endpoint.{what}",
        subject_type="webhook_endpoint",
        subject_id=endpoint_id,
        old=old,
        new=new,
    )


_SWEEPS = {
    "parked": """
        UPDATE app.webhook_deliveries
        SET state = 'parked', settled_at = app.now(), last_error = 'ENDPOINT_DISABLED'
        WHERE id IN (
            SELECT d.id FROM app.webhook_endpoints e
            JOIN app.webhook_deliveries d ON d.endpoint_id = e.id AND d.state = 'pending'
            WHERE NOT e.is_active
            LIMIT $1 FOR UPDATE OF d SKIP LOCKED)
    """,
    "deliveries": """
        DELETE FROM app.webhook_deliveries WHERE id IN (
            SELECT d.id FROM app.webhook_deliveries d
            WHERE d.created_at < app.now() - interval '30 days'
              AND d.state IN ('delivered', 'failed', 'parked')
            ORDER BY d.created_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    """,
    "secrets": """
        DELETE FROM app.webhook_endpoint_secrets WHERE id IN (
            SELECT s.id FROM app.webhook_endpoint_secrets s
            WHERE s.valid_until < app.now() LIMIT $1)
    """,
}


async def sweep(work: Work, *, limit: int) -> dict[str, int]:
    """At most `limit` rows of each kind are over; how many there were. Deliveries are kept for 30
    days, also those of an endpoint that was deleted.
    """
    return {what: await work.execute(statement, limit) for what, statement in _SWEEPS.items()}
