"""Gateway accounts of specialists: keys sealed twice, never returned; accounts on payments."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0012_payment_configs"
down_revision = "0011_ledger"

TABLES = """
CREATE TABLE app.payment_configs (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_payment_configs_specialist_id_specialists REFERENCES app.specialists,
    provider text NOT NULL,
    account text NOT NULL,
    is_live boolean NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    publishable_key text,
    hints jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_payment_configs_id_specialist_id UNIQUE (id, specialist_id),
    CONSTRAINT uq_payment_configs_account UNIQUE (account),
    CONSTRAINT ck_payment_configs_provider CHECK (provider IN ('stripe', 'razorpay', 'paytabs')),
    CONSTRAINT ck_payment_configs_account CHECK (account ~ '^[A-Za-z0-9_-]{16,64}$'),
    CONSTRAINT ck_payment_configs_publishable_key CHECK (length(publishable_key) <= 255)
);
CREATE UNIQUE INDEX uq_payment_configs_active ON app.payment_configs (specialist_id, provider)
    WHERE is_active;
CREATE INDEX ix_payment_configs_specialist_id ON app.payment_configs (specialist_id);
COMMENT ON TABLE app.payment_configs IS
    'Which gateway account a specialist is paid through; of its secrets only the last four '
    'characters are shown. account is the part of webhook addresses that tells it apart.';

CREATE TABLE app.payment_config_keys (
    config_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed_keys bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT pk_payment_config_keys PRIMARY KEY (config_id, specialist_id),
    CONSTRAINT fk_payment_config_keys_config FOREIGN KEY (config_id, specialist_id)
        REFERENCES app.payment_configs (id, specialist_id),
    CONSTRAINT ck_payment_config_keys_key_id CHECK (key_id ~ '^[A-Za-z0-9]{1,16}$')
);
CREATE INDEX ix_payment_config_keys_key_id ON app.payment_config_keys (key_id);
COMMENT ON TABLE app.payment_config_keys IS
    'The secrets of a gateway account: sealed under a data key of the row, which is wrapped by a '
    'key-encryption key (key_id). Written by people, read by the worker alone.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.payment_config_keys, app.payment_configs")
