"""How disputes stand and end, as the payment tells it."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0023_disputes"
down_revision = "0022_card_charges"

COLUMNS = """
ALTER TABLE app.payments
    ADD COLUMN dispute_reference text,
    ADD COLUMN dispute_status text,
    ADD COLUMN dispute_reason text,
    ADD COLUMN dispute_minor bigint,
    ADD CONSTRAINT ck_payments_dispute_status
        CHECK (dispute_status IN ('inquiry', 'open', 'won', 'lost', 'closed')),
    ADD CONSTRAINT ck_payments_dispute_minor CHECK (dispute_minor > 0),
    ADD CONSTRAINT ck_payments_dispute_begun
        CHECK (dispute_status IS NOT NULL
               OR dispute_reference IS NULL AND dispute_reason IS NULL AND dispute_minor IS NULL),
    ADD CONSTRAINT ck_payments_dispute_stands
        CHECK (dispute_status IS NULL OR is_disputed = (dispute_status IN ('inquiry', 'open')));
"""


def upgrade() -> None:
    run(op, COLUMNS)


def downgrade() -> None:
    op.execute(
        "ALTER TABLE app.payments DROP COLUMN dispute_reference, DROP COLUMN dispute_status,"
        " DROP COLUMN dispute_reason, DROP COLUMN dispute_minor"
    )
