"""Saved payment methods, and the set-ups by which they come to be."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0014_saved_cards"
down_revision = "0013_reconciliation"

TABLES = """
CREATE TABLE app.saved_methods (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    client_id uuid NOT NULL CONSTRAINT fk_saved_methods_client_id_users REFERENCES app.users,
    specialist_id uuid NOT NULL
        CONSTRAINT fk_saved_methods_specialist_id_specialists REFERENCES app.specialists,
    provider text NOT NULL,
    account text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'pending',
    setup_reference text,
    customer_reference text,
    method_reference text,
    label text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_saved_methods_id_specialist_id_client_id UNIQUE (id, specialist_id, client_id),
    CONSTRAINT ck_saved_methods_provider
        CHECK (provider IN ('stripe', 'razorpay', 'paytabs', 'sandbox')),
    CONSTRAINT ck_saved_methods_status CHECK (status IN ('pending', 'ready', 'failed', 'removed')
        AND (status <> 'ready' OR method_reference IS NOT NULL)),
    CONSTRAINT ck_saved_methods_label CHECK (length(label) <= 40)
);
CREATE INDEX ix_saved_methods_client_id
    ON app.saved_methods (client_id, created_at DESC, id DESC);
CREATE INDEX ix_saved_methods_specialist_id ON app.saved_methods (specialist_id);
CREATE INDEX ix_saved_methods_setup_reference ON app.saved_methods (provider, setup_reference);
COMMENT ON TABLE app.saved_methods IS
    'Cards that a client lets a specialist charge later, by their names at the provider; never a '
    'card number.';

CREATE TABLE app.saved_method_actions (
    method_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    next_action jsonb,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT pk_saved_method_actions PRIMARY KEY (method_id, specialist_id, client_id),
    CONSTRAINT fk_saved_method_actions_method FOREIGN KEY (method_id, specialist_id, client_id)
        REFERENCES app.saved_methods (id, specialist_id, client_id)
);
CREATE INDEX ix_saved_method_actions_client_id ON app.saved_method_actions (client_id);
COMMENT ON TABLE app.saved_method_actions IS
    'What the client''s browser has to do to save a card, client secret included: the client alone '
    'reads it.';

ALTER TABLE app.recurring_bookings
    ADD COLUMN saved_method_id uuid,
    ADD CONSTRAINT fk_recurring_bookings_saved_method
        FOREIGN KEY (saved_method_id, specialist_id, client_id)
        REFERENCES app.saved_methods (id, specialist_id, client_id),
    ADD CONSTRAINT ck_recurring_bookings_saved_card
        CHECK ((payment_mode = 'saved_card') = (saved_method_id IS NOT NULL));
CREATE INDEX ix_recurring_bookings_saved_method_id
    ON app.recurring_bookings (saved_method_id) WHERE saved_method_id IS NOT NULL;

ALTER TABLE app.payments
    ADD COLUMN saved_method_id uuid,
    ADD CONSTRAINT fk_payments_saved_method FOREIGN KEY (saved_method_id, specialist_id, client_id)
        REFERENCES app.saved_methods (id, specialist_id, client_id),
    ADD COLUMN authorize_from timestamptz;
CREATE INDEX ix_payments_saved_method_id ON app.payments (saved_method_id)
    WHERE saved_method_id IS NOT NULL;
CREATE INDEX ix_payments_authorize_from ON app.payments (authorize_from)
    WHERE authorize_from IS NOT NULL AND status = 'pending';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(
        op,
        """
ALTER TABLE app.payments DROP COLUMN saved_method_id, DROP COLUMN authorize_from;
ALTER TABLE app.recurring_bookings DROP COLUMN saved_method_id;
DROP TABLE app.saved_method_actions, app.saved_methods;
""",
    )
