"""The double-entry ledger of money that moved, and receipts numbered without gaps."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0011_ledger"
down_revision = "0010_moves"

TABLES = """
CREATE TABLE app.ledger_entries (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    transaction_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    kind text NOT NULL,
    account text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_ledger_entries_payment FOREIGN KEY (payment_id, specialist_id, client_id)
        REFERENCES app.payments (id, specialist_id, client_id),
    CONSTRAINT ck_ledger_entries_kind
        CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_won')),
    CONSTRAINT ck_ledger_entries_account
        CHECK (account IN ('gateway', 'by_hand', 'specialist', 'disputed')),
    CONSTRAINT ck_ledger_entries_amount CHECK (amount_minor <> 0),
    CONSTRAINT ck_ledger_entries_currency CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE INDEX ix_ledger_entries_payment_id ON app.ledger_entries (payment_id, created_at, id);
CREATE INDEX ix_ledger_entries_transaction_id ON app.ledger_entries (transaction_id);
CREATE INDEX ix_ledger_entries_specialist_id
    ON app.ledger_entries (specialist_id, created_at DESC, id DESC);
COMMENT ON TABLE app.ledger_entries IS
    'Every movement of money twice, once on each account: insert-only; the entries of a transaction'
    ' sum to zero in each currency.';

CREATE TABLE app.receipt_counters (
    specialist_id uuid PRIMARY KEY
        CONSTRAINT fk_receipt_counters_specialist_id_specialists REFERENCES app.specialists,
    last_number bigint NOT NULL DEFAULT 0,
    CONSTRAINT ck_receipt_counters_last_number CHECK (last_number >= 0)
);
COMMENT ON TABLE app.receipt_counters IS
    'The last receipt number of each specialist: the lock that keeps numbers without gaps.';

CREATE TABLE app.receipts (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_receipts_specialist_id_specialists REFERENCES app.specialists,
    client_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    details jsonb NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_receipts_number UNIQUE (specialist_id, number),
    CONSTRAINT uq_receipts_transaction_id UNIQUE (transaction_id, specialist_id, client_id),
    CONSTRAINT fk_receipts_payment FOREIGN KEY (payment_id, specialist_id, client_id)
        REFERENCES app.payments (id, specialist_id, client_id),
    CONSTRAINT ck_receipts_number CHECK (number > 0),
    CONSTRAINT ck_receipts_kind CHECK (kind IN ('receipt', 'credit_note')),
    CONSTRAINT ck_receipts_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_receipts_currency CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE INDEX ix_receipts_payment_id ON app.receipts (payment_id);
CREATE INDEX ix_receipts_client_id ON app.receipts (client_id, issued_at DESC);
COMMENT ON TABLE app.receipts IS
    'One for each capture and refund, numbered per specialist without gaps; immutable. Personal: '
    'details.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.receipts, app.receipt_counters, app.ledger_entries")
