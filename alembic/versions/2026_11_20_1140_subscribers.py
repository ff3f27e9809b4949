"""Outgoing webhooks: endpoints, their secrets, deliveries; and the index of the feed of events."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0019_subscribers"
down_revision = "0018_messages"

TABLES = """
CREATE TABLE app.webhook_endpoints (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid
        CONSTRAINT fk_webhook_endpoints_specialist_id_specialists REFERENCES app.specialists,
    url text NOT NULL,
    description text,
    topics text[] NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    disabled_at timestamptz,
    disabled_reason text,
    failing_since timestamptz,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_webhook_endpoints_url CHECK (length(url) <= 2000 AND url ~ '^https?://'),
    CONSTRAINT ck_webhook_endpoints_description CHECK (length(description) <= 200),
    CONSTRAINT ck_webhook_endpoints_topics CHECK (cardinality(topics) <= 100),
    CONSTRAINT ck_webhook_endpoints_disabled CHECK (
        is_active = (disabled_at IS NULL) AND is_active = (disabled_reason IS NULL)),
    CONSTRAINT ck_webhook_endpoints_disabled_reason CHECK (
        disabled_reason IN ('owner', 'gone', 'failing')),
    CONSTRAINT ck_webhook_endpoints_deleted CHECK (deleted_at IS NULL OR NOT is_active)
);
CREATE INDEX ix_webhook_endpoints_specialist_id ON app.webhook_endpoints (specialist_id);
COMMENT ON TABLE app.webhook_endpoints IS
    'Where facts are posted to: a specialist''s own, or the platform''s where there is no '
    'specialist. No topics means all of them.';

CREATE TABLE app.webhook_endpoint_secrets (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    endpoint_id uuid NOT NULL
        CONSTRAINT fk_webhook_endpoint_secrets_endpoint_id_webhook_endpoints
        REFERENCES app.webhook_endpoints,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    valid_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_webhook_endpoint_secrets_key_id CHECK (key_id ~ '^[A-Za-z0-9]{1,16}$')
);
CREATE INDEX ix_webhook_endpoint_secrets_endpoint_id
    ON app.webhook_endpoint_secrets (endpoint_id);
CREATE INDEX ix_webhook_endpoint_secrets_key_id ON app.webhook_endpoint_secrets (key_id);
CREATE UNIQUE INDEX uq_webhook_endpoint_secrets_current
    ON app.webhook_endpoint_secrets (endpoint_id) WHERE valid_until IS NULL;
COMMENT ON TABLE app.webhook_endpoint_secrets IS
    'What deliveries are signed with: the current secret of an endpoint, and former ones until '
    'valid_until. Sealed; shown once, when made; read by the worker alone.';

CREATE TABLE app.webhook_deliveries (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    endpoint_id uuid NOT NULL
        CONSTRAINT fk_webhook_deliveries_endpoint_id_webhook_endpoints
        REFERENCES app.webhook_endpoints,
    specialist_id uuid,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    attempts smallint NOT NULL DEFAULT 0,
    attempt_log jsonb NOT NULL DEFAULT '[]',
    next_attempt_at timestamptz NOT NULL DEFAULT app.now(),
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    last_status smallint,
    last_error text,
    duration_ms integer,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    settled_at timestamptz,
    CONSTRAINT uq_webhook_deliveries_endpoint_id_event_id UNIQUE (endpoint_id, event_id),
    CONSTRAINT ck_webhook_deliveries_state CHECK (
        state IN ('pending', 'leased', 'delivered', 'failed', 'parked')),
    CONSTRAINT ck_webhook_deliveries_topic CHECK (length(topic) BETWEEN 1 AND 80),
    CONSTRAINT ck_webhook_deliveries_attempts CHECK (attempts >= 0),
    CONSTRAINT ck_webhook_deliveries_attempt_log CHECK (jsonb_array_length(attempt_log) <= 20),
    CONSTRAINT ck_webhook_deliveries_duration CHECK (duration_ms >= 0),
    CONSTRAINT ck_webhook_deliveries_settled CHECK (
        (settled_at IS NULL) = (state IN ('pending', 'leased')))
);
CREATE INDEX ix_webhook_deliveries_endpoint_id_id ON app.webhook_deliveries (endpoint_id, id);
CREATE INDEX ix_webhook_deliveries_waiting ON app.webhook_deliveries (endpoint_id, next_attempt_at)
    WHERE state IN ('pending', 'leased');
CREATE INDEX ix_webhook_deliveries_created_at ON app.webhook_deliveries (created_at);
COMMENT ON TABLE app.webhook_deliveries IS
    'A fact on its way to an endpoint: once for each, tried with growing gaps, kept for 30 days. '
    'Leases carry a fence; attempt_log holds the last attempts.';

CREATE INDEX ix_outbox_xid_id ON app.outbox (xid, id);
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP INDEX app.ix_outbox_xid_id")
    op.execute(
        "DROP TABLE app.webhook_deliveries, app.webhook_endpoint_secrets, app.webhook_endpoints"
    )
