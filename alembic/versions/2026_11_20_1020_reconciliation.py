"""What the reconciler found, and how far it has read; disputes; authorisations that run out."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0013_reconciliation"
down_revision = "0012_payment_configs"

TABLES = """
CREATE TABLE app.reconciliation_findings (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    provider text NOT NULL,
    account text NOT NULL DEFAULT '',
    charge_reference text NOT NULL,
    payment_id uuid,
    class text NOT NULL,
    reason text NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'open',
    settled_by uuid,
    settled_at timestamptz,
    note text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_reconciliation_findings_class
        CHECK (class IN ('adopt', 'void', 'correct', 'park')),
    CONSTRAINT ck_reconciliation_findings_state CHECK (state IN ('open', 'done', 'dismissed')
        AND (state = 'open') = (settled_at IS NULL)),
    CONSTRAINT ck_reconciliation_findings_note CHECK (length(note) <= 1000)
);
CREATE UNIQUE INDEX uq_reconciliation_findings_open
    ON app.reconciliation_findings (provider, account, charge_reference, class)
    WHERE state = 'open';
CREATE INDEX ix_reconciliation_findings_created_at
    ON app.reconciliation_findings (created_at DESC, id DESC);
COMMENT ON TABLE app.reconciliation_findings IS
    'Differences between a provider''s books and ours: what was adopted, voided or corrected, and '
    'what is parked for a person.';

CREATE TABLE app.reconciliation_cursors (
    provider text NOT NULL,
    account text NOT NULL DEFAULT '',
    read_until timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT pk_reconciliation_cursors PRIMARY KEY (provider, account)
);
COMMENT ON TABLE app.reconciliation_cursors IS
    'Until when the charges of a provider''s account have been compared with ours.';

ALTER TABLE app.payments
    ADD COLUMN expiry_warned_at timestamptz,
    ADD COLUMN read_again_at timestamptz DEFAULT app.now() + interval '10 minutes';
CREATE INDEX ix_payments_read_again_at ON app.payments (read_again_at)
    WHERE read_again_at IS NOT NULL;
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(
        op,
        """
ALTER TABLE app.payments DROP COLUMN read_again_at, DROP COLUMN expiry_warned_at;
DROP TABLE app.reconciliation_cursors, app.reconciliation_findings;
""",
    )
