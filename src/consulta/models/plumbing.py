"""Plumbing: outbox, inbox of providers' letters, job runs, idempotency keys, rate limits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from consulta.models.base import Base, Identified


class Xid8(UserDefinedType[int]):
    """A transaction id that does not wrap around: feeds are ordered by it (D14)."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "xid8"


class OutboxMessage(Identified, Base):
    __tablename__ = "outbox"

    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('pending', 'leased', 'done', 'parked')", name="state"),
        CheckConstraint("length(topic) BETWEEN 1 AND 80", name="topic"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_outbox_due",
            "xid",
            "id",
            postgresql_where=text("state IN ('pending', 'leased')"),
        ),
        Index("ix_outbox_xid_id", "xid", "id"),
        Index("ix_outbox_settled_at", "settled_at", postgresql_where=text("state = 'done'")),
        Index("ix_outbox_parked", "id", postgresql_where=text("state = 'parked'")),
        {
            "comment": "What must follow a commit: written in the transaction, delivered later."
            " Ordered by (xid, id) (D14).",
        },
    )


class WebhookEvent(Identified, Base):
    __tablename__ = "webhook_events"

    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"))
    event_id: Mapped[str]
    kind: Mapped[str]
    charge_reference: Mapped[str | None]
    payment_id: Mapped[UUID | None]
    livemode: Mapped[bool] = mapped_column(server_default=text("false"))
    body: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default=text("'received'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_error: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("provider", "account", "event_id"),
        CheckConstraint(
            "state IN ('received', 'leased', 'done', 'ignored', 'parked')", name="state"
        ),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_webhook_events_due",
            "next_attempt_at",
            postgresql_where=text("state IN ('received', 'leased')"),
        ),
        Index("ix_webhook_events_received_at", text("received_at DESC")),
        Index("ix_webhook_events_parked", "id", postgresql_where=text("state = 'parked'")),
        {
            "comment": "Letters from providers, stored once, claimed with a lease, settled or"
            " parked; bodies are minimised.",
        },
    )


class JobRun(Identified, Base):
    __tablename__ = "job_runs"

    job: Mapped[str]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'running'"))
    attempts: Mapped[int] = mapped_column(server_default=text("1"))
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    lease_until: Mapped[datetime]
    triggered_by: Mapped[str] = mapped_column(server_default=text("'clock'"))
    done_count: Mapped[int] = mapped_column(server_default=text("0"))
    skipped_count: Mapped[int] = mapped_column(server_default=text("0"))
    failed_count: Mapped[int] = mapped_column(server_default=text("0"))
    result: Mapped[dict[str, Any] | None]
    last_error: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("job", "due_at"),
        CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),
        CheckConstraint(
            "attempts >= 1 AND done_count >= 0 AND skipped_count >= 0 AND failed_count >= 0",
            name="counts",
        ),
        Index("ix_job_runs_started_at", text("started_at DESC")),
        Index("ix_job_runs_lease_until", "lease_until", postgresql_where=text("state = 'running'")),
        {"comment": "One row per run of a job: the row is the lock and the log (D14)."},
    )


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"

    caller: Mapped[str]
    route: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[bytes]
    subject_id: Mapped[UUID | None]
    lease_until: Mapped[datetime]
    status_code: Mapped[int | None] = mapped_column(SmallInteger)
    answer: Mapped[bytes | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        PrimaryKeyConstraint("caller", "route", "key", name="pk_idempotency_keys"),
        CheckConstraint("length(key) BETWEEN 1 AND 255", name="key"),
        CheckConstraint("length(fingerprint) = 32", name="fingerprint"),
        CheckConstraint("status_code BETWEEN 200 AND 499", name="status"),
        CheckConstraint("length(answer) <= 1048576", name="answer"),
        Index("ix_idempotency_keys_expires_at", "expires_at"),
        {
            "comment": "Same key, same answer, for 72 hours; answers are encrypted (D11)."
            " Personal: answer.",
        },
    )


class RateLimit(Base):
    __tablename__ = "rate_limits"

    key: Mapped[str] = mapped_column(primary_key=True)
    arrives_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("length(key) <= 200", name="key"),
        Index("ix_rate_limits_arrives_at", "arrives_at"),
        {
            "comment": "Theoretical arrival times of the generic cell rate algorithm; counters"
            " only, may be lost.",
            "prefixes": ["UNLOGGED"],
        },
    )
