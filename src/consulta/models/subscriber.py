"""Outgoing webhooks: endpoints, their sealed secrets, deliveries."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped


class WebhookEndpoint(Identified, Timestamped, Base):
    __tablename__ = "webhook_endpoints"

    specialist_id: Mapped[UUID | None] = mapped_column(ForeignKey("app.specialists.id"))
    url: Mapped[str]
    description: Mapped[str | None]
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("length(url) <= 2000 AND url ~ '^https?://'", name="url"),
        CheckConstraint("length(description) <= 200", name="description"),
        CheckConstraint("cardinality(topics) <= 100", name="topics"),
        CheckConstraint(
            "is_active = (disabled_at IS NULL) AND is_active = (disabled_reason IS NULL)",
            name="disabled",
        ),
        CheckConstraint("disabled_reason IN ('owner', 'gone', 'failing')", name="disabled_reason"),
        CheckConstraint("deleted_at IS NULL OR NOT is_active", name="deleted"),
        Index("ix_webhook_endpoints_specialist_id", "specialist_id"),
        {
            "comment": "Where facts are posted to: a specialist's own, or the platform's where"
            " there is no specialist. No topics means all of them.",
        },
    )


class WebhookEndpointSecret(Identified, Base):
    __tablename__ = "webhook_endpoint_secrets"

    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("app.webhook_endpoints.id"))
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    sealed: Mapped[bytes]
    valid_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        CheckConstraint("key_id ~ '^[A-Za-z0-9]{1,16}$'", name="key_id"),
        Index("ix_webhook_endpoint_secrets_endpoint_id", "endpoint_id"),
        Index("ix_webhook_endpoint_secrets_key_id", "key_id"),
        Index(
            "uq_webhook_endpoint_secrets_current",
            "endpoint_id",
            unique=True,
            postgresql_where=text("valid_until IS NULL"),
        ),
        {
            "comment": "What deliveries are signed with: the current secret of an endpoint, and"
            " former ones until valid_until. Sealed; shown once, when made; read by the worker"
            " alone.",
        },
    )


class WebhookDelivery(Identified, Base):
    __tablename__ = "webhook_deliveries"

    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("app.webhook_endpoints.id"))
    specialist_id: Mapped[UUID | None]
    event_id: Mapped[UUID]
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    attempt_log: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_status: Mapped[int | None] = mapped_column(SmallInteger)
    last_error: Mapped[str | None]
    duration_ms: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        CheckConstraint(
            "state IN ('pending', 'leased', 'delivered', 'failed', 'parked')", name="state"
        ),
        CheckConstraint("length(topic) BETWEEN 1 AND 80", name="topic"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("jsonb_array_length(attempt_log) <= 20", name="attempt_log"),
        CheckConstraint("duration_ms >= 0", name="duration"),
        CheckConstraint("(settled_at IS NULL) = (state IN ('pending', 'leased'))", name="settled"),
        Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index(
            "ix_webhook_deliveries_waiting",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=text("state IN ('pending', 'leased')"),
        ),
        Index("ix_webhook_deliveries_created_at", "created_at"),
        {
            "comment": "A fact on its way to an endpoint: once for each, tried with growing gaps,"
            " kept for 30 days. Leases carry a fence; attempt_log holds the last attempts.",
        },
    )
