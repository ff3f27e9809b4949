"""Plumbing: audit log, outbox, job runs, idempotency keys, rate limits."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0006_plumbing"
down_revision = "0005_payments"

TABLES = """
CREATE TABLE app.audit_logs (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    "timestamp" timestamptz NOT NULL DEFAULT app.now(),
    actor_id uuid,
    actor text NOT NULL,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid,
    old_values jsonb,
    new_values jsonb,
    status text NOT NULL DEFAULT 'success',
    request_id text,
    CONSTRAINT ck_audit_logs_status
        CHECK (status IN ('success', 'success_with_errors', 'failure', 'denied'))
);
CREATE INDEX ix_audit_logs_subject ON app.audit_logs (subject_type, subject_id, "timestamp" DESC);
CREATE INDEX ix_audit_logs_actor_id ON app.audit_logs (actor_id, "timestamp" DESC);
CREATE INDEX ix_audit_logs_timestamp ON app.audit_logs ("timestamp" DESC, id DESC);
COMMENT ON TABLE app.audit_logs IS
    'Who did what, when, in which request, with old and new values of what changed; append-only.';

CREATE TABLE app.outbox (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    topic text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT app.now(),
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    settled_at timestamptz,
    CONSTRAINT ck_outbox_state CHECK (state IN ('pending', 'leased', 'done', 'parked')),
    CONSTRAINT ck_outbox_topic CHECK (length(topic) BETWEEN 1 AND 80),
    CONSTRAINT ck_outbox_attempts CHECK (attempts >= 0)
);
CREATE INDEX ix_outbox_due ON app.outbox (xid, id) WHERE state IN ('pending', 'leased');
CREATE INDEX ix_outbox_settled_at ON app.outbox (settled_at) WHERE state = 'done';
COMMENT ON TABLE app.outbox IS
    'What must follow a commit: written in the transaction, delivered later. Ordered by '
    '(xid, id) (D14).';

CREATE TABLE app.job_runs (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    job text NOT NULL,
    due_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'running',
    attempts integer NOT NULL DEFAULT 1,
    fence bigint NOT NULL DEFAULT 1,
    lease_until timestamptz NOT NULL,
    triggered_by text NOT NULL DEFAULT 'clock',
    done_count integer NOT NULL DEFAULT 0,
    skipped_count integer NOT NULL DEFAULT 0,
    failed_count integer NOT NULL DEFAULT 0,
    result jsonb,
    last_error text,
    started_at timestamptz NOT NULL DEFAULT app.now(),
    finished_at timestamptz,
    CONSTRAINT uq_job_runs_job_due_at UNIQUE (job, due_at),
    CONSTRAINT ck_job_runs_state CHECK (state IN ('running', 'done', 'failed')),
    CONSTRAINT ck_job_runs_counts
        CHECK (attempts >= 1 AND done_count >= 0 AND skipped_count >= 0 AND failed_count >= 0)
);
CREATE INDEX ix_job_runs_started_at ON app.job_runs (started_at DESC);
CREATE INDEX ix_job_runs_lease_until ON app.job_runs (lease_until) WHERE state = 'running';
COMMENT ON TABLE app.job_runs IS 'One row per run of a job: the row is the lock and the log (D14).';

CREATE TABLE app.idempotency_keys (
    caller text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    subject_id uuid,
    lease_until timestamptz NOT NULL,
    status_code smallint,
    answer bytea,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (caller, route, key),
    CONSTRAINT ck_idempotency_keys_key CHECK (length(key) BETWEEN 1 AND 255),
    CONSTRAINT ck_idempotency_keys_fingerprint CHECK (length(fingerprint) = 32),
    CONSTRAINT ck_idempotency_keys_status CHECK (status_code BETWEEN 200 AND 499),
    CONSTRAINT ck_idempotency_keys_answer CHECK (length(answer) <= 1048576)
);
CREATE INDEX ix_idempotency_keys_expires_at ON app.idempotency_keys (expires_at);
COMMENT ON TABLE app.idempotency_keys IS
    'Same key, same answer, for 72 hours; answers are encrypted (D11). Personal: answer.';

CREATE UNLOGGED TABLE app.rate_limits (
    key text PRIMARY KEY,
    arrives_at timestamptz NOT NULL,
    CONSTRAINT ck_rate_limits_key CHECK (length(key) <= 200)
);
CREATE INDEX ix_rate_limits_arrives_at ON app.rate_limits (arrives_at);
COMMENT ON TABLE app.rate_limits IS
    'Theoretical arrival times of the generic cell rate algorithm; counters only, may be lost.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE app.rate_limits, app.idempotency_keys, app.job_runs, app.outbox, app.audit_logs"
    )
