"""Payments as a projection of the provider's truth, and the operations that make it move (D6)."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0005_payments"
down_revision = "0004_bookings"

TABLES = """
CREATE TABLE app.payments (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    purpose text NOT NULL DEFAULT 'booking',
    provider text NOT NULL,
    account text NOT NULL DEFAULT '',
    provider_reference text,
    status text NOT NULL DEFAULT 'pending',
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    authorized_minor bigint NOT NULL DEFAULT 0,
    captured_minor bigint NOT NULL DEFAULT 0,
    refunded_minor bigint NOT NULL DEFAULT 0,
    is_disputed boolean NOT NULL DEFAULT false,
    capture_before timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_payments_id_specialist_id_client_id UNIQUE (id, specialist_id, client_id),
    CONSTRAINT uq_payments_provider_reference UNIQUE (provider, account, provider_reference),
    CONSTRAINT fk_payments_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_payments_purpose CHECK (purpose IN ('booking', 'package')),
    CONSTRAINT ck_payments_provider
        CHECK (provider IN ('stripe', 'razorpay', 'paytabs', 'manual', 'sandbox')),
    CONSTRAINT ck_payments_status CHECK (status IN ('pending', 'requires_action', 'processing',
        'authorized', 'paid', 'partially_refunded', 'refunded', 'failed', 'cancelled')),
    CONSTRAINT ck_payments_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_payments_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_payments_captured CHECK (captured_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT ck_payments_refunded CHECK (refunded_minor BETWEEN 0 AND captured_minor)
);
CREATE INDEX ix_payments_booking_id ON app.payments (booking_id);
CREATE UNIQUE INDEX uq_payments_live_booking ON app.payments (booking_id)
    WHERE status NOT IN ('failed', 'cancelled');
CREATE INDEX ix_payments_client_id ON app.payments (client_id, created_at DESC);
CREATE INDEX ix_payments_specialist_id ON app.payments (specialist_id, created_at DESC);
CREATE INDEX ix_payments_capture_before ON app.payments (capture_before)
    WHERE status = 'authorized';
COMMENT ON TABLE app.payments IS
    'What we know of a charge at its provider, in minor units. Written by the worker; both '
    'parties read.';

CREATE TABLE app.payment_actions (
    payment_id uuid PRIMARY KEY,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    next_action jsonb,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_payment_actions_payment FOREIGN KEY (payment_id, specialist_id, client_id)
        REFERENCES app.payments (id, specialist_id, client_id)
);
CREATE INDEX ix_payment_actions_client_id ON app.payment_actions (client_id);
COMMENT ON TABLE app.payment_actions IS
    'What the payer''s browser has to do next, client secret included: the payer alone reads '
    'it.';

CREATE TABLE app.payment_operations (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    payment_id uuid NOT NULL
        CONSTRAINT fk_payment_operations_payment_id_payments REFERENCES app.payments,
    kind text NOT NULL,
    amount_minor bigint NOT NULL,
    params jsonb NOT NULL DEFAULT '{}',
    params_hash bytea,
    state text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    first_sent_at timestamptz,
    next_attempt_at timestamptz NOT NULL DEFAULT app.now(),
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    provider_reference text,
    last_error text,
    same_error_count smallint NOT NULL DEFAULT 0,
    replaces uuid CONSTRAINT fk_payment_operations_replaces REFERENCES app.payment_operations,
    requested_by uuid,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_payment_operations_kind
        CHECK (kind IN ('authorize', 'capture', 'cancel', 'refund')),
    CONSTRAINT ck_payment_operations_amount CHECK (amount_minor >= 0),
    CONSTRAINT ck_payment_operations_state
        CHECK (state IN ('pending', 'leased', 'in_doubt', 'done', 'dead')),
    CONSTRAINT ck_payment_operations_leased CHECK (state <> 'leased' OR lease_until IS NOT NULL),
    CONSTRAINT ck_payment_operations_attempts CHECK (attempts >= 0 AND fence >= 0)
);
CREATE INDEX ix_payment_operations_payment_id ON app.payment_operations (payment_id, created_at);
CREATE INDEX ix_payment_operations_replaces ON app.payment_operations (replaces);
CREATE INDEX ix_payment_operations_due ON app.payment_operations (next_attempt_at)
    WHERE state IN ('pending', 'leased', 'in_doubt');
CREATE UNIQUE INDEX uq_payment_operations_capture_or_cancel ON app.payment_operations (payment_id)
    WHERE kind IN ('capture', 'cancel') AND state <> 'dead';
CREATE UNIQUE INDEX uq_payment_operations_authorize ON app.payment_operations (payment_id)
    WHERE kind = 'authorize' AND state IN ('pending', 'leased', 'in_doubt');
COMMENT ON TABLE app.payment_operations IS
    'What must happen at a provider: the unit of retry; its id is the idempotency key (D6).';

CREATE TABLE app.sandbox_charges (
    reference text PRIMARY KEY,
    payment_id text NOT NULL,
    state jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now()
);
CREATE INDEX ix_sandbox_charges_payment_id ON app.sandbox_charges (payment_id);
CREATE INDEX ix_sandbox_charges_created_at ON app.sandbox_charges (created_at);
COMMENT ON TABLE app.sandbox_charges IS
    'The books of the sandbox provider, which moves no money. The worker alone reads it.';

CREATE TABLE app.webhook_events (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    provider text NOT NULL,
    account text NOT NULL DEFAULT '',
    event_id text NOT NULL,
    kind text NOT NULL,
    charge_reference text,
    payment_id uuid,
    livemode boolean NOT NULL DEFAULT false,
    body jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'received',
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT app.now(),
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    last_error text,
    received_at timestamptz NOT NULL DEFAULT app.now(),
    settled_at timestamptz,
    CONSTRAINT uq_webhook_events_provider_account_event_id UNIQUE (provider, account, event_id),
    CONSTRAINT ck_webhook_events_state
        CHECK (state IN ('received', 'leased', 'done', 'ignored', 'parked')),
    CONSTRAINT ck_webhook_events_attempts CHECK (attempts >= 0)
);
CREATE INDEX ix_webhook_events_due ON app.webhook_events (next_attempt_at)
    WHERE state IN ('received', 'leased');
CREATE INDEX ix_webhook_events_received_at ON app.webhook_events (received_at DESC);
COMMENT ON TABLE app.webhook_events IS
    'Letters from providers, stored once, claimed with a lease, settled or parked; bodies '
    'are minimised.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE app.webhook_events, app.sandbox_charges, app.payment_operations,"
        " app.payment_actions, app.payments"
    )
