"""Refunds that fail at the payer's bank, and every dispute by itself."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0029_money_back"
down_revision = "0028_house_terms"

TABLES = """
ALTER TABLE app.ledger_entries
    DROP CONSTRAINT ck_ledger_entries_kind,
    ADD CONSTRAINT ck_ledger_entries_kind
        CHECK (kind IN ('capture', 'refund', 'refund_failed', 'dispute', 'dispute_won'));
ALTER TABLE app.receipts
    DROP CONSTRAINT ck_receipts_kind,
    ADD CONSTRAINT ck_receipts_kind CHECK (kind IN ('receipt', 'credit_note', 'reversal'));
COMMENT ON TABLE app.receipts IS
    'One for each capture, each refund and each refund that came back, numbered per specialist '
    'without gaps; immutable. Personal: details.';

CREATE TABLE app.payment_disputes (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    payment_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    reference text NOT NULL,
    state text NOT NULL,
    reason text,
    amount_minor bigint,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_payment_disputes_payment FOREIGN KEY (payment_id, specialist_id, client_id)
        REFERENCES app.payments (id, specialist_id, client_id),
    CONSTRAINT uq_payment_disputes_payment_id_reference UNIQUE (payment_id, reference),
    CONSTRAINT ck_payment_disputes_state
        CHECK (state IN ('inquiry', 'open', 'won', 'lost', 'closed')),
    CONSTRAINT ck_payment_disputes_amount CHECK (amount_minor > 0)
);
COMMENT ON TABLE app.payment_disputes IS
    'Each complaint of a payer at the bank by itself, under the provider''s name for it; without '
    'one where the provider only says that there is one.';

ALTER TABLE app.payments
    ADD COLUMN contested_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN lost_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE app.payments NO FORCE ROW LEVEL SECURITY;
UPDATE app.payments
SET contested_minor = least(captured_minor, coalesce(dispute_minor, captured_minor)),
    lost_minor = CASE dispute_status WHEN 'lost'
        THEN least(captured_minor, coalesce(dispute_minor, captured_minor)) ELSE 0 END
WHERE coalesce(dispute_status IN ('open', 'lost'), is_disputed);
INSERT INTO app.payment_disputes
    (payment_id, specialist_id, client_id, reference, state, reason, amount_minor)
SELECT id, specialist_id, client_id, coalesce(dispute_reference, ''),
    coalesce(dispute_status, 'open'), dispute_reason, dispute_minor
FROM app.payments WHERE dispute_status IS NOT NULL OR is_disputed;
ALTER TABLE app.payments FORCE ROW LEVEL SECURITY;
ALTER TABLE app.payments
    ADD CONSTRAINT ck_payments_contested CHECK (contested_minor BETWEEN 0 AND captured_minor),
    ADD CONSTRAINT ck_payments_lost CHECK (lost_minor BETWEEN 0 AND contested_minor);
"""

BACK = """
ALTER TABLE app.payments DROP COLUMN lost_minor, DROP COLUMN contested_minor;
DROP TABLE app.payment_disputes;
ALTER TABLE app.receipts
    DROP CONSTRAINT ck_receipts_kind,
    ADD CONSTRAINT ck_receipts_kind CHECK (kind IN ('receipt', 'credit_note')) NOT VALID;
COMMENT ON TABLE app.receipts IS
    'One for each capture and refund, numbered per specialist without gaps; immutable. Personal: '
    'details.';
ALTER TABLE app.ledger_entries
    DROP CONSTRAINT ck_ledger_entries_kind,
    ADD CONSTRAINT ck_ledger_entries_kind
        CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_won')) NOT VALID;
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, BACK)
